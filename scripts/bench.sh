#!/usr/bin/env bash
# Builds everything for release and measures it on this machine, on data folders and ports of its own.
# ROWS="api standard" measures only those rows, SCALE=0.1 with a tenth of the counts. A whole run is written
# to benchmark/RESULTS.md and its plot to standard.svg; results.json, the standard run's report and its page
# lie in target/benchmark.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

MILLRACE_ENGINE_LIB=$(scripts/fetch-engine.sh)
KAFKA_JARS=$(scripts/fetch-kafka.sh)
export MILLRACE_ENGINE_LIB KAFKA_JARS
cargo build --release --locked --bins \
  --package api --package benchmark --package consumer --package engine --package standalone
target=${CARGO_TARGET_DIR:-target}
"$target/release/millrace-benchmark-suite" "$target/benchmark"
if [[ -z ${ROWS:-} && -z ${SCALE:-} ]]; then
  cp "$target/benchmark/RESULTS.md" "$target/benchmark/standard.svg" benchmark/
fi
