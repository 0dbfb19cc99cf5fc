#!/bin/bash
# Serves the sites that SITES names ("shop:8080 admin:8081"), each from /srv/sites/<name>.
# Ends, with the status of what ended, as soon as one of its servers does.
set -eu

: "${SITES:?SITES is not set: name:port pairs, separated by blanks}"
mkdir -p /run/nginx
backend=9000

for site in $SITES; do
    name=${site%:*}
    port=${site##*:}
    backend=$((backend + 1))
    cat > "/run/nginx/$name.conf" <<CONF
server {
    listen $port default_server;
    server_name $name;
    root /srv/sites/$name;
    location / {
        fastcgi_pass 127.0.0.1:$backend;
        fastcgi_index Default.aspx;
        fastcgi_read_timeout 300s;
        include fastcgi.conf;
    }
}
CONF
    fastcgi-mono-server4 "/applications=/:/srv/sites/$name" "/socket=tcp:127.0.0.1:$backend" \
        /printlog=True /loglevels=Error &
done

nginx -c /etc/nginx/nginx.conf &
trap 'kill -TERM $(jobs -p) 2>/dev/null; exit 0' TERM INT
wait -n
