#!/usr/bin/env bash
# Installs what the tests run besides Rust, where it is missing, from Debian's or Ubuntu's packages.
set -euo pipefail

# A command that has to be there, and the package it comes in.
needs=(
  cc gcc
  c++ g++
  make make
  perl perl
  java default-jre-headless
  mvn maven
  node nodejs
  npm npm
  chromium chromium
  curl curl
  unshare util-linux
  docker-compose docker-compose
  openssl openssl
  python3 python3
  faketime faketime
  redis-server redis-server
)

packages=()
for ((i = 0; i < ${#needs[@]}; i += 2)); do
  command -v "${needs[i]}" >/dev/null || packages+=("${needs[i + 1]}")
done
# Debian's python3 leaves this out.
python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
if ((${#packages[@]} == 0)); then
  exit
fi

fail() {
  echo "install-test-tools: $1; the tests need ${packages[*]}" >&2
  exit 1
}

command -v apt-get >/dev/null || fail "apt-get is missing, install these by hand"
as_root=()
if ((EUID != 0)); then
  command -v sudo >/dev/null || fail "neither root nor sudo to install with"
  as_root=(sudo)
fi

echo "install-test-tools: installing ${packages[*]}" >&2
"${as_root[@]}" apt-get update --quiet >&2 || fail "the package lists could not be fetched"
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install --quiet --yes --no-install-recommends "${packages[@]}" >&2 || fail "the installation failed"
