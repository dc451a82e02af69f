#!/usr/bin/env bash
# Rude, slow and unlucky clients against installations of its own, and what good callers see beside them.
#
# PROFILE=release builds for release and judges times too; FULL=1 makes all large updates of the case growth;
# ONLY="CASE CASE" does some. The last line but one is `N passed, N failed`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/fetch-engine.sh >/dev/null
scripts/fetch-kafka.sh >/dev/null
profile=${PROFILE:-dev}
cargo build --workspace --bins --locked --profile "$profile"
folder=$([[ $profile == dev ]] && echo debug || echo "$profile")

options=()
[[ $profile == dev ]] || options+=(--strict)
[[ -z ${FULL:-} ]] || options+=(--full)
for case in ${ONLY:-}; do options+=(--only "$case"); done

# Thousands of connections at once, at either end.
ulimit -n "$(ulimit -Hn)"
exec "${CARGO_TARGET_DIR:-target}/$folder/millrace-chaos" hostile ${options[@]+"${options[@]}"}
