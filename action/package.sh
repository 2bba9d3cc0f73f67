#!/usr/bin/env bash
# Packs a binary as a release archive: package.sh TARGET BINARY FOLDER. The same files make the same bytes with GNU tar.
set -euo pipefail
target=${1:?usage: package.sh TARGET BINARY FOLDER} binary=${2:?} folder=${3:?}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml" | head -n 1)
staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT
name=loadgate
case "$target" in *windows*) name=loadgate.exe ;; esac
cp "$binary" "$staging/$name"
cp "$root/README.md" "$root/LICENSE-APACHE" "$root/LICENSE-MIT" "$staging/"
chmod 755 "$staging/$name"
same=()
if tar --version 2>/dev/null | grep -q 'GNU tar'; then same=(--sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner); fi
mkdir -p "$folder"
tar ${same[@]+"${same[@]}"} -cf - -C "$staging" . | gzip -9n >"$folder/loadgate-$version-$target.tar.gz"
