#!/usr/bin/env bash
# Installs the programs that tests run against, from the system's packages, and writes an environment file ($1) that says
# whether tests may count on them. Where something can't be had, it is named with the tests it is needed for.
set -u
out=${1:?usage: components.sh ENV_FILE}
missing=()

have() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }

install_debian() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 1
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$1" >/dev/null 2>&1 && return 0
  apt-get update >/dev/null 2>&1 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$1" >/dev/null 2>&1
}

# component PROGRAM PACKAGE TESTS
component() {
  have "$1" || install_debian "$2" || true
  have "$1" || missing+=("$1 (package $2) is missing: skipping $3")
}

component nginx nginx-light "the tests of tests/it/nginx.rs"
websockets() { /usr/bin/python3 -c 'import websockets' >/dev/null 2>&1; }
websockets || install_debian python3-websockets && websockets ||
  missing+=("the package websockets of Python (package python3-websockets) is missing: skipping the tests of tests/it/load_websocket_server.rs")

if [ ${#missing[@]} -eq 0 ]; then
  echo "export LOADGATE_COMPONENTS=required" >"$out"
else
  printf '%s\n' "${missing[@]}" >&2
  # Whoever demanded the components (CI does) is not to be given fewer tests without noticing.
  echo "export LOADGATE_COMPONENTS=${LOADGATE_COMPONENTS:-optional}" >"$out"
fi
