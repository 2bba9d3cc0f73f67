#!/usr/bin/env bash
# Runs the demo and puts the real output of its failing gate into README.md, between the demo:slower marks.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cargo build --locked --release
(cd "$folder" && "$OLDPWD/target/release/loadgate" demo --quiet >demo.txt 2>/dev/null)
{ echo '```'; awk '/^== slower/ { on = 1 } /^== failing/ { on = 0 } on' "$folder/demo.txt" | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}'; echo '```'; } >"$folder/slower.md"
awk -v insert="$folder/slower.md" '
  /<!-- demo:slower -->/ { print; while ((getline line < insert) > 0) print line; skip = 1; next }
  /<!-- \/demo -->/ { skip = 0 }
  !skip' README.md >"$folder/README.md"
cp "$folder/README.md" README.md
