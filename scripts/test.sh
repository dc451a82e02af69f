#!/usr/bin/env bash
# Runs every test of the workspace, of the page and of the Python client against real services, lets the official clients
# of Segment and its like send to it, holds the API against its description, and counts: the last line is `N passed, N failed`.
# The exit status is 0 only if all went well.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/install-test-tools.sh
scripts/fetch-engine.sh >/dev/null
scripts/fetch-kafka.sh >/dev/null
scripts/build-page.sh
cargo build --workspace --bins --locked

log=$(mktemp)
page_log=$(mktemp)
python_log=$(mktemp)
sdks_log=$(mktemp)
openapi_log=$(mktemp)
hostile_log=$(mktemp)
trap 'rm -f "$log" "$page_log" "$python_log" "$sdks_log" "$openapi_log" "$hostile_log"' EXIT
set +e
cargo test --workspace --locked --no-fail-fast | tee "$log"
status=${PIPESTATUS[0]}
# A release has the page in it.
cargo test --release --package web --locked --test built -- --ignored | tee --append "$log"
status=$((status | PIPESTATUS[0]))
scripts/test-page.sh | tee "$page_log"
page_status=${PIPESTATUS[0]}
scripts/test-python.sh | tee "$python_log"
python_status=${PIPESTATUS[0]}
scripts/test-sdks.sh | tee "$sdks_log"
sdks_status=${PIPESTATUS[0]}
scripts/test-openapi.sh | tee "$openapi_log"
openapi_status=${PIPESTATUS[0]}
scripts/hostile.sh | tee "$hostile_log"
hostile_status=${PIPESTATUS[0]}
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
# "200 passed, 0 failed", unless it didn't get that far
count() { grep -x '[0-9]* passed, [0-9]* failed' "$1" || echo 0 passed, 0 failed; }
read -r page_passed _ page_failed _ < <(count "$page_log")
read -r python_passed _ python_failed _ < <(count "$python_log")
read -r sdks_passed _ sdks_failed _ < <(count "$sdks_log")
read -r openapi_passed _ openapi_failed _ < <(count "$openapi_log")
read -r hostile_passed _ hostile_failed _ < <(count "$hostile_log")
if ((page_status != 0)); then
  echo "the page is not as it should be (exit status $page_status)" >&2
  status=1
fi
if ((python_status != 0)); then
  echo "the Python client's tests failed (exit status $python_status)" >&2
  status=1
fi
if ((sdks_status != 0)); then
  echo "the official clients are not served as they expect (exit status $sdks_status)" >&2
  status=1
fi
if ((openapi_status != 0)); then
  echo "the API does not keep to its description (exit status $openapi_status)" >&2
  status=1
fi
if ((hostile_status != 0)); then
  echo "good callers suffered from rude ones (exit status $hostile_status)" >&2
  status=1
fi
echo
echo "$((passed + page_passed + python_passed + sdks_passed + openapi_passed + hostile_passed)) passed, $((failed + page_failed + python_failed + sdks_failed + openapi_failed + hostile_failed)) failed"
exit "$status"
