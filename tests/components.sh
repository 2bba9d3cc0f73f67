#!/usr/bin/env bash
# Installs the programs that tests run against, from the system's packages and from PyPI (into target/components), and writes an
# environment file ($1) that says whether tests may count on them. Where something can't be had, it is named with the tests it is needed for.
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

# Programs that come as Python packages: tests/components.txt, in an environment of its own. Only the programs in `bin` are found by
# tests; the interpreter there is not.
install_python_packages() {
  local environment=$1/python wanted
  wanted=$(cksum tests/components.txt)
  [ "$(cat "$1/installed" 2>/dev/null)" = "$wanted" ] && return 0
  python3 -m venv --clear "$environment" >/dev/null 2>&1 ||
    { install_debian python3-venv && python3 -m venv --clear "$environment" >/dev/null 2>&1; } || return 1
  "$environment/bin/pip" install --quiet --disable-pip-version-check --requirement tests/components.txt >/dev/null 2>&1 || return 1
  mkdir -p "$1/bin"
  for program in act actionlint check-jsonschema shellcheck zizmor; do
    chmod +x "$environment/bin/$program" && ln -sf "../python/bin/$program" "$1/bin/$program"
  done
  echo "$wanted" >"$1/installed"
}

component nginx nginx-light "the tests of tests/it/nginx.rs"
component git git "the tests of tests/it/action_events.rs"
component curl curl "the tests of tests/it/action_install.rs"
install_python_packages target/components ||
  missing+=("act, actionlint, check-jsonschema, shellcheck or zizmor (tests/components.txt, from PyPI) is missing: skipping the tests of tests/it/action_*.rs")

# GitHub's description of its API, and Prism, which holds what is posted against it: tests/contract, from npm's registry.
install_contract() {
  local folder=$1 wanted
  wanted=$(cat tests/contract/package-lock.json tests/contract/cut.mjs | cksum)
  [ "$(cat "$folder/installed" 2>/dev/null)" = "$wanted" ] && return 0
  command -v npm >/dev/null 2>&1 || install_debian npm || return 1
  mkdir -p "$folder" && cp tests/contract/package.json tests/contract/package-lock.json "$folder" &&
    npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund >/dev/null 2>&1 &&
    node tests/contract/cut.mjs "$folder/node_modules/@octokit/openapi/generated/api.github.com.json" "$folder/github.json" &&
    echo "$wanted" >"$folder/installed"
}

install_contract target/components/contract ||
  missing+=("Prism (tests/contract, from npm's registry) is missing: skipping the tests of tests/it/github_contract.rs")
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
