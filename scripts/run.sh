#!/usr/bin/env bash
# run.sh [COMMAND …]: becomes the standalone that was built: page and API on 8080, data in ./data (MILLRACE_DATA, API_PORT and
# MILLRACE_ENGINE_PORT change that).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

MILLRACE_ENGINE_LIB=$(scripts/fetch-engine.sh)
export MILLRACE_ENGINE_LIB
# The engine complains of each statement when its standard input is a terminal.
exec "${CARGO_TARGET_DIR:-target}/release/millrace" "$@" </dev/null
