#!/usr/bin/env bash
# Holds a running `millrace` (cargo build --workspace --bins) against its own description: schemathesis calls every
# operation with what the description allows and with what it does not. The last line is `N passed, N failed`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD

tools=$(scripts/python-tools.sh scripts/openapi/requirements.txt)
folder=$(mktemp -d)
log=$folder/schemathesis.log
trap 'rm -rf "$folder"' EXIT

# It keeps what it found in the folder it runs in.
cd "$folder"
status=0
# A tail has no end to wait for.
call='exec "$0" run "$MILLRACE_URL/openapi.json" "$@"'
timeout 600 "$root/scripts/with-millrace.sh" bash -c "$call" "$tools/st" --exclude-path /tail \
  --phases examples,coverage,fuzzing,stateful \
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
