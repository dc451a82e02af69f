#!/usr/bin/env bash
# Installs cargo-deny unless it is there. A debug build takes a third of a release build's time, and the
# check itself a few seconds either way.
set -euo pipefail

if cargo deny --version >/dev/null 2>&1; then
  exit
fi
echo "install-lint-tools: building cargo-deny" >&2
env -u CARGO_TARGET_DIR CARGO_PROFILE_DEV_DEBUG=0 \
  cargo install cargo-deny --version 0.20.2 --locked --debug
