#!/usr/bin/env bash
# Installs what lints the dependencies, unless it is there. A debug build takes a third of a release build's
# time, and the checks themselves a few seconds either way.
set -euo pipefail

# A subcommand of cargo, and the version that is installed where it is missing.
needs=(
  deny 0.20.2
  machete 0.9.2
)

for ((i = 0; i < ${#needs[@]}; i += 2)); do
  tool=cargo-${needs[i]}
  if cargo "${needs[i]}" --version >/dev/null 2>&1; then
    continue
  fi
  echo "install-lint-tools: building $tool" >&2
  env -u CARGO_TARGET_DIR CARGO_PROFILE_DEV_DEBUG=0 \
    cargo install "$tool" --version "${needs[i + 1]}" --locked --debug
done
