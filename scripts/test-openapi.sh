#!/usr/bin/env bash
# Holds a running `millrace` (cargo build --workspace --bins) against its own description: schemathesis calls every
# operation with what the description allows and with what it does not. The last line is `N passed, N failed`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools=$(scripts/python-tools.sh scripts/openapi/requirements.txt)
MILLRACE_ENGINE_LIB=$(scripts/fetch-engine.sh)
export MILLRACE_ENGINE_LIB
# It may be relative to this folder.
target=$(realpath "${CARGO_TARGET_DIR:-target}")
folder=$(mktemp -d)
log=$folder/schemathesis.log
API_PORT=0 MILLRACE_ENGINE_PORT=0 MILLRACE_DATA=$folder/data LOG_LEVEL=warn \
  "$target/debug/millrace" >"$folder/millrace.log" 2>&1 &
millrace=$!
finish() {
  kill "$millrace" 2>/dev/null && wait "$millrace" || true
  rm -rf "$folder"
}
trap finish EXIT

fail() {
  echo "test-openapi: $*" >&2
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
url=$(sed -n 's/.*"api": *"\([^"]*\)".*/\1/p' "$endpoints")

# It keeps what it found in the folder it runs in.
cd "$folder"
status=0
# A tail has no end to wait for.
timeout 600 "$tools/st" run "$url/openapi.json" --exclude-path /tail --phases examples,coverage,fuzzing,stateful \
  -c not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,response_headers_conformance,unsupported_method \
  -n 50 --seed 1 --request-timeout 30 | tee "$log" || status=1

# "  1441 generated, 1441 passed"
if ! grep -qE '^ +[1-9][0-9]* generated, ' "$log"; then
  echo "test-openapi: nothing was called" >&2
  status=1
fi
# Cases are many and random: each is no test of its own.
echo
if ((status == 0)); then echo "1 passed, 0 failed"; else echo "0 passed, 1 failed"; fi
exit "$status"
