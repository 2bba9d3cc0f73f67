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

if [ ${#missing[@]} -eq 0 ]; then
  echo "export LOADGATE_COMPONENTS=required" >"$out"
else
  printf '%s\n' "${missing[@]}" >&2
  # Whoever demanded the components (CI does) is not to be given fewer tests without noticing.
  echo "export LOADGATE_COMPONENTS=${LOADGATE_COMPONENTS:-optional}" >"$out"
fi
