#!/bin/sh
# Serves a small site with nginx at a port of loopback, compressed for each request, until it is stopped.
# Usage: LINES_OF_CATALOG=4000 start.sh PORT
set -eu
port=$1
folder=$(mktemp -d)
mkdir -p "$folder/site" "$folder/temp"
echo '<!doctype html><title>Tea</title><h1>Tea</h1>' >"$folder/site/index.html"
seq -f 'article %g: a tin of tea' 1 400 >"$folder/site/list.txt"
seq -f 'article %g: a tin of tea, 100 g, in stock, ships tomorrow' 1 "$LINES_OF_CATALOG" >"$folder/site/catalog.txt"
cat >"$folder/nginx.conf" <<CONF
daemon off;
master_process off;
pid $folder/nginx.pid;
error_log stderr warn;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path $folder/temp; proxy_temp_path $folder/temp; fastcgi_temp_path $folder/temp;
  uwsgi_temp_path $folder/temp; scgi_temp_path $folder/temp;
  types { text/html html; text/plain txt; }
  gzip on; gzip_types text/plain; gzip_comp_level 5; gzip_min_length 100;
  server { listen 127.0.0.1:$port; root $folder/site; }
}
CONF
trap 'rm -rf "$folder"' EXIT
nginx=$(command -v nginx || echo /usr/sbin/nginx)
"$nginx" -p "$folder" -c "$folder/nginx.conf" &
trap 'kill $!; wait $!; exit 0' TERM INT
wait $!
