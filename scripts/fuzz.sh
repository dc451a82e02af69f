#!/usr/bin/env bash
# Feeds each decoder with bytes made up to reach all of its code, SECONDS_EACH (10) seconds long.
# A finding is kept in fuzz/findings and ends the run. Coverage flags of the stable compiler are enough.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../fuzz"

each=${SECONDS_EACH:-10}
# A folder of its own: the flags would rebuild everything else.
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-../target}/fuzz"
flags="--cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1"
for arg in level=4 inline-8bit-counters pc-table trace-compares; do
  flags+=" -Cllvm-args=-sanitizer-coverage-$arg"
done
# With --target the flags are for the targets alone, not for build scripts.
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS=$flags cargo build --release --locked --target "$host"

mkdir -p findings corpus
for target in message native_create native_update native_batch segment event_service redis; do
  mkdir -p "corpus/$target"
  echo "fuzzing $target for $each s"
  log=$(mktemp)
  if ! "$CARGO_TARGET_DIR/$host/release/$target" -max_total_time="$each" -timeout=5 -rss_limit_mb=1024 \
    -max_len=65536 -artifact_prefix=findings/ -print_final_stats=1 "corpus/$target" "seeds/$target" >"$log" 2>&1; then
    tail -40 "$log" >&2
    echo "fuzzing $target: a finding, see fuzz/findings" >&2
    exit 1
  fi
  grep -E 'number_of_executed_units|DONE' "$log"
  rm -f "$log"
done
