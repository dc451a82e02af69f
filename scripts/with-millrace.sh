#!/usr/bin/env bash
# with-millrace.sh COMMAND [ARGUMENT …]: runs a command beside a `millrace` of its own, which has to be built (cargo build
# --workspace --bins) and whose address is in MILLRACE_URL; the folder of the binaries is in MILLRACE_BIN. Its log is
# shown where the command fails.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

MILLRACE_ENGINE_LIB=$("$root/scripts/fetch-engine.sh")
export MILLRACE_ENGINE_LIB
# It may be relative to the root.
target=$(cd "$root" && realpath "${CARGO_TARGET_DIR:-target}")
export MILLRACE_BIN=$target/debug
folder=$(mktemp -d)
API_PORT=0 MILLRACE_ENGINE_PORT=0 MILLRACE_DATA=$folder/data LOG_LEVEL=warn \
  "$MILLRACE_BIN/millrace" >"$folder/millrace.log" 2>&1 </dev/null &
millrace=$!
finish() {
  kill "$millrace" 2>/dev/null && wait "$millrace" || true
  rm -rf "$folder"
}
trap finish EXIT

fail() {
  echo "with-millrace: $*" >&2
  cat "$folder/millrace.log" >&2
  exit 1
}

# Written when all is ready.
endpoints=$folder/data/endpoints.json
for ((i = 0; i < 600; i++)); do
  [[ -s $endpoints ]] && break
  kill -0 "$millrace" 2>/dev/null || fail "millrace has ended"
  sleep 0.1
done
[[ -s $endpoints ]] || fail "millrace was not ready within a minute"
MILLRACE_URL=$(sed -n 's/.*"api": *"\([^"]*\)".*/\1/p' "$endpoints")
export MILLRACE_URL

"$@" || fail "$1 failed"
