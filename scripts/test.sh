#!/usr/bin/env bash
# Runs every test of the workspace against real services and counts them: the last line is
# `N passed, N failed`. The exit status is that of cargo.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/install-test-tools.sh
scripts/fetch-engine.sh >/dev/null
scripts/fetch-kafka.sh >/dev/null
cargo build --workspace --bins --locked

log=$(mktemp)
trap 'rm -f "$log"' EXIT
set +e
cargo test --workspace --locked --no-fail-fast | tee "$log"
status=${PIPESTATUS[0]}
set -e

# "test result: ok. 12 passed; 0 failed; 1 ignored; …" once per test binary
read -r passed failed < <(awk '
  /^test result: / { for (i = 2; i <= NF; i++) { if ($i == "passed;") p += $(i - 1); if ($i == "failed;") f += $(i - 1) } }
  END { print p + 0, f + 0 }' "$log")
if ((status != 0 && failed == 0)); then
  echo "cargo test failed (exit status $status) without naming a failed test" >&2
fi
if ((status == 0 && passed == 0)); then
  echo "no test was run" >&2
  status=1
fi
echo
echo "$passed passed, $failed failed"
exit "$status"
