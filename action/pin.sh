#!/usr/bin/env bash
# Pins the archives of a folder as what this action installs: pin.sh FOLDER RELEASES_URL.
set -euo pipefail
folder=${1:?usage: pin.sh FOLDER RELEASES_URL} url=${2:?}
pins=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
sed -n 's/^version = "\(.*\)"$/\1/p' "$pins/../Cargo.toml" | head -n 1 >"$pins/version.txt"
echo "$url" >"$pins/releases-url.txt"
sums=$(cd "$folder" && if command -v sha256sum >/dev/null; then sha256sum -- *.tar.gz; else shasum -a 256 -- *.tar.gz; fi)
{
  grep '^#' "$pins/checksums.txt"
  # Some systems mark binary files with a star.
  echo "${sums// \*/  }"
} >"$pins/checksums.txt.new"
mv "$pins/checksums.txt.new" "$pins/checksums.txt"
