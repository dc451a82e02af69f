#!/usr/bin/env bash
# A storm: brokers, consumers, APIs and ClickHouse killed, frozen and cut off under load, then an audit.
#
# SECONDS (180) is how long it lasts at least, OPERATIONS (none) how many operations have to be
# acknowledged before it ends, SEED (random) repeats a script of faults, ONLY (all) names the faults that
# come, separated by commas, PROFILE=release builds for release.
set -euo pipefail

# Bash itself counts in a variable of this name.
seconds=$(printenv SECONDS || echo 180)
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/fetch-engine.sh >/dev/null
scripts/fetch-kafka.sh >/dev/null
profile=${PROFILE:-dev}
cargo build --workspace --bins --locked --profile "$profile"
folder=$([[ $profile == dev ]] && echo debug || echo "$profile")

exec "${CARGO_TARGET_DIR:-target}/$folder/millrace-chaos" storm \
  --seconds "$seconds" --operations "${OPERATIONS:-0}" ${SEED:+--seed "$SEED"} ${ONLY:+--only "$ONLY"}
