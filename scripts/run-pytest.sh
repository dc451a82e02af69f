#!/usr/bin/env bash
# run-pytest.sh PYTEST NAME [ARGUMENT …]: runs the tests of this folder. The last line is `N passed, N failed`; where
# nothing has passed, or something has failed, so has this.
set -euo pipefail
pytest=$1 name=$2
shift 2

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
"$pytest" "$@" | tee "$log" || status=1

# "=== 1 failed, 40 passed, 2 errors in 12.34s ==="
read -r passed failed < <(tail -n 1 "$log" | awk '
  { for (i = 2; i <= NF; i++) { if ($i ~ /^passed/) p += $(i - 1); if ($i ~ /^(failed|errors?)/) f += $(i - 1) } }
  END { print p + 0, f + 0 }')
if ((passed == 0)); then
  echo "$name: no test has passed" >&2
  status=1
fi
echo
echo "$passed passed, $failed failed"
exit "$status"
