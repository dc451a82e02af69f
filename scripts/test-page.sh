#!/usr/bin/env bash
# Runs the web page's unit tests, and looks at it in a browser that `millrace` serves it to, which
# has to be built with it (scripts/build-page.sh, cargo build --workspace --bins). The last line is
# `N passed, N failed`.
#
# CHROMIUM names another browser than /usr/bin/chromium.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/build-page.sh packages
export CHROMIUM=${CHROMIUM:-/usr/bin/chromium} NO_COLOR=1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
npm --prefix web test | tee "$log" || status=1
# The page is looked at with a shop in it.
EVENT_NAMES='*' scripts/with-millrace.sh bash -c '
  "$0" generate commerce --days 40 --users 300 --quiet --url "$MILLRACE_URL" >/dev/null && npm --prefix web run e2e
' "$(realpath "${CARGO_TARGET_DIR:-target}")/debug/millrace-benchmark" | tee --append "$log" || status=1

# "      Tests  1 failed | 12 passed (13)" of each run
read -r passed failed runs < <(awk '
  /^ +Tests +[0-9]/ { r++; for (i = 2; i < NF; i++) { if ($(i + 1) == "passed") p += $i; if ($(i + 1) == "failed") f += $i } }
  END { print p + 0, f + 0, r + 0 }' "$log")
if ((runs < 2 || passed == 0)); then
  echo "test-page: not all tests were run" >&2
  status=1
fi
# What fails besides tests counts as one.
((status == 0 || failed > 0)) || failed=1
echo
echo "$passed passed, $failed failed"
exit "$status"
