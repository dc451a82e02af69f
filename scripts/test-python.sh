#!/usr/bin/env bash
# Checks the Python client with ruff, mypy and vermin, and tests it against `millrace`, which has to be built
# (cargo build --workspace --bins). The last line is `N passed, N failed`.
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

status=0
check() {
  "$@" || {
    echo "test-python: ${1##*/} is not satisfied" >&2
    status=1
  }
}
check "$tools/ruff" check --quiet .
check "$tools/ruff" format --check --quiet .
check "$tools/mypy"
check "$tools/vermin" --quiet --no-tips --target=3.9- --violations ./*.py event_client

../../scripts/run-pytest.sh "$tools/pytest" test-python "$@" || status=1
exit "$status"
