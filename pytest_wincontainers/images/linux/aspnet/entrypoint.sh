#!/bin/bash
# Serves the sites whose configuration lies in /srv/wincontainers: sites.conf for nginx, and a script for each
# application pool in pools. Ends, with its status, as soon as nginx does.
set -eu

sites=/srv/wincontainers
[ -d $sites/pools ] || { echo "there is no configuration in $sites" >&2; exit 1; }
rm -rf /run/pools
mkdir -p /run/nginx /run/pools
cat $sites/fields

event() { # pool, key, id, text
    local head="{\"time\":\"$(date -u +%FT%T.%3NZ)\",\"source\":\"WAS\",\"id\":$3,\"level\":\"Warning\",\"lines\":1}"
    printf '[event %s.%s] %s\n' "$1" "$2" "$head"
    printf '[event %s.%s] | %s\n' "$1" "$2" "$4"
}

# A pool's process is started again when it was recycled, and when it has crashed, but not for ever: IIS gives up after
# five times in five minutes, and that pool's sites answer no more.
serve_pool() {
    local name=$1 crashes=() status process
    while :; do
        bash "$sites/pools/$name.sh" &
        process=$!
        echo $process > "/run/pools/$name.pid.new"
        mv "/run/pools/$name.pid.new" "/run/pools/$name.pid"
        status=0
        wait $process || status=$?
        if [ -e "/run/pools/$name.$process.recycled" ]; then
            rm "/run/pools/$name.$process.recycled"
            continue
        fi
        event "$name" $process 5011 "The process of the application pool $name ended by itself, with status $status."
        crashes=($SECONDS "${crashes[@]:0:4}")
        if [ ${#crashes[@]} -eq 5 ] && [ $((SECONDS - crashes[4])) -lt 300 ]; then
            event "$name" disabled 5002 "The application pool $name was disabled after five failures in five minutes."
            exec sleep infinity
        fi
    done
}

for pool in $sites/pools/*.sh; do
    serve_pool "$(basename "$pool" .sh)" &
done
nginx -c /etc/nginx/nginx.conf &
trap 'kill -TERM $(jobs -p) 2>/dev/null; exit 0' TERM INT
wait -n
