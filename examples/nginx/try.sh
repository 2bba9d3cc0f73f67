#!/usr/bin/env bash
# The whole story against a real nginx: three baseline runs, the same version again, then the version that compresses.
# Usage: try.sh [FOLDER]      needs nginx and loadgate (LOADGATE=path, default: the one on the PATH)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
loadgate=${LOADGATE:-loadgate}
folder=${1:-$(mktemp -d)}
nginx=$(command -v nginx || echo /usr/sbin/nginx)
mkdir -p "$folder/site" "$folder/temp"
cp "$here/loadgate.yml" "$here/nginx.conf" "$folder/"
cd "$folder"
echo '<!doctype html><title>Tea</title><h1>Tea</h1>' >site/index.html
seq -f 'article %g: a tin of tea, 100 g, in stock, ships tomorrow' 1 4000 >site/catalog.txt

server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true' EXIT
start() { # VARIANT
  cp "$here/$1.conf" variant.conf
  "$nginx" -p . -c nginx.conf & server=$!
}
stop() { kill "$server"; wait "$server" 2>/dev/null || true; server=; }

for run in 1 2 3; do
  start baseline
  "$loadgate" run --out "baseline-$run"
  stop
  "$loadgate" baseline promote --unjudged "baseline-$run/record.json.gz"
done

echo '== the same version again'
start baseline
code=0; "$loadgate" gate || code=$?
stop
echo "exit code $code"

echo '== the version that compresses'
start candidate
code=0; "$loadgate" gate || code=$?
stop
echo "exit code $code"
