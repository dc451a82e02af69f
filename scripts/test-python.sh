#!/usr/bin/env bash
# Tests the Python client against `millrace`, which has to be built (cargo build --workspace --bins). The last line is
# `N passed, N failed`.
#
# PYTHON names another interpreter than python3.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# It may be relative to this folder.
target=${CARGO_TARGET_DIR:-target}
[[ $target == /* ]] || target=$PWD/$target
export CARGO_TARGET_DIR=$target
tools=$(scripts/python-tools.sh sdk/python/requirements-dev.txt)
cd sdk/python
exec ../../scripts/run-pytest.sh "$tools/pytest" test-python "$@"
