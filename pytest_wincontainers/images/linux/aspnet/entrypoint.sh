#!/bin/bash
# Serves the sites whose configuration lies in /srv/wincontainers: sites.conf for nginx, and a script for each
# application pool in pools. Ends, with the status of what ended, as soon as nginx does, or a pool for good.
set -eu

sites=/srv/wincontainers
[ -d $sites/pools ] || { echo "there is no configuration in $sites" >&2; exit 1; }
mkdir -p /run/nginx /run/pools
cat $sites/fields

# A pool's process is started again when it was recycled, and when it has crashed, but not for ever: IIS gives up after
# five times in five minutes.
serve_pool() {
    local name=$1 crashes=0 status
    while :; do
        bash "$sites/pools/$name.sh" &
        echo $! > "/run/pools/$name.pid"
        status=0
        wait $! || status=$?
        if [ -e "/run/pools/$name.recycled" ]; then
            rm "/run/pools/$name.recycled"
            continue
        fi
        crashes=$((crashes + 1))
        echo "[event $name.$crashes] {\"time\":\"$(date -u +%FT%T.%3NZ)\",\"source\":\"WAS\",\"id\":5011,\"level\":\"Warning\",\"lines\":1}"
        echo "[event $name.$crashes] | The process of the application pool $name ended by itself, with status $status."
        [ $crashes -lt 5 ] || exit $status
    done
}

for pool in $sites/pools/*.sh; do
    serve_pool "$(basename "$pool" .sh)" &
done
nginx -c /etc/nginx/nginx.conf &
trap 'kill -TERM $(jobs -p) 2>/dev/null; exit 0' TERM INT
wait -n
