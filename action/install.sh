#!/usr/bin/env bash
# Puts the binary that this commit of the action pins on the runner, or takes the one that was given, and says where it is
# (output `binary`). Reads WANTED_BINARY, WANTED_MIRROR, RUNNER_OS, RUNNER_ARCH, RUNNER_TEMP, GITHUB_OUTPUT,
# GITHUB_PATH.
set -euo pipefail
pins=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# refuse MESSAGE: ends the step with exit code 2, as a wrong command line does: nothing was measured.
refuse() {
  echo "::error title=loadgate::$1"
  echo "exit-code=2" >>"$GITHUB_OUTPUT"
  exit 2
}

# From a stream, as a backslash in a file's name would mark the sum.
sha256_of() {
  if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi <"$1" | cut -d ' ' -f 1
}

# The archive's name says which platform it is for; tests hold this table against the release workflow.
target_of_runner() {
  case "$RUNNER_OS-$RUNNER_ARCH" in
    Linux-X64) echo x86_64-unknown-linux-musl ;;
    Linux-ARM64) echo aarch64-unknown-linux-musl ;;
    macOS-X64) echo x86_64-apple-darwin ;;
    macOS-ARM64) echo aarch64-apple-darwin ;;
    Windows-X64) echo x86_64-pc-windows-msvc ;;
    *) return 1 ;;
  esac
}

# fetch URL FILE: a mirror of one's own may speak plain HTTP, as the checksum is what is trusted.
fetch() {
  curl --proto '=https,http' --fail --silent --show-error --location --connect-timeout 20 --retry 5 --retry-connrefused \
    --retry-max-time 120 --output "$2" "$1"
}

if [ -n "${WANTED_BINARY:-}" ]; then
  given=$(command -v -- "$WANTED_BINARY") ||
    refuse "'$WANTED_BINARY' is not an executable; the input 'binary' takes the path of one, or leave it out to have it downloaded"
  echo "binary=$WANTED_BINARY" >>"$GITHUB_OUTPUT"
  folder=$(cd "$(dirname "$given")" && pwd)
  # What the runner puts on the PATH of later steps is a path of its own system.
  if [ "$RUNNER_OS" = Windows ]; then folder=$(cygpath -w "$folder"); fi
  echo "$folder" >>"$GITHUB_PATH"
  exit 0
fi

target=$(target_of_runner) ||
  refuse "there is no loadgate for runners of $RUNNER_OS $RUNNER_ARCH (there is for Linux and macOS on X64 and ARM64, and for Windows on X64); build it and give its path as the input 'binary'"
version=$(tr -d '[:space:]' <"$pins/version.txt")
archive="loadgate-$version-$target.tar.gz"
pinned=$(awk -v name="$archive" '$2 == name { print $1 }' "$pins/checksums.txt")
[ -n "$pinned" ] ||
  refuse "this commit of the action pins no checksum for $archive; use the action at a release, or give the path of a binary as the input 'binary'"

folder="$RUNNER_TEMP/loadgate-$version"
mkdir -p "$folder"
# Several steps of a job download once.
if ! [ -f "$folder/$archive" ] || [ "$(sha256_of "$folder/$archive")" != "$pinned" ]; then
  from="${WANTED_MIRROR:-$(tr -d '[:space:]' <"$pins/releases-url.txt")/v$version}"
  from="${from%/}/$archive"
  fetch "$from" "$folder/$archive" || refuse "can't download $from; behind a proxy or without internet, name a mirror as the input 'download-url'"
  found=$(sha256_of "$folder/$archive")
  if [ "$found" != "$pinned" ]; then
    rm -f "$folder/$archive"
    refuse "the checksum of $from is $found, but this action pins $pinned: the archive is not the one that was released, and is not used"
  fi
fi
# No `C:` in what tar is given: it would take it for another machine.
(cd "$folder" && tar -xzf "$archive")
binary="$folder/loadgate"
if [ "$RUNNER_OS" = Windows ]; then binary="$binary.exe"; fi
echo "binary=$binary" >>"$GITHUB_OUTPUT"
# Later steps look after baselines with it.
echo "$folder" >>"$GITHUB_PATH"
echo "loadgate $version for $target, checksum verified"
