#!/usr/bin/env bash
# Checks the Python client with ruff, mypy and vermin.
#
# PYTHON names another interpreter than python3.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools=$(scripts/python-tools.sh sdk/python/requirements-dev.txt)
cd sdk/python
"$tools/ruff" check --quiet .
"$tools/ruff" format --check --quiet .
"$tools/mypy"
"$tools/vermin" --quiet --no-tips --target=3.9- --violations ./*.py event_client
