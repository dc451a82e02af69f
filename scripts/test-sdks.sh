#!/usr/bin/env bash
# Lets the official clients of Segment, RudderStack and Jitsu send to `millrace`, which has to be built
# (cargo build --workspace --bins), and looks in its table. The last line is `N passed, N failed`.
#
# CHROMIUM names another browser than /usr/bin/chromium; PYTHON another interpreter than python3.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

fail() {
  echo "test-sdks: $*" >&2
  exit 1
}

export CHROMIUM=${CHROMIUM:-/usr/bin/chromium}
[[ -x $CHROMIUM ]] || fail "$CHROMIUM is missing: scripts/install-test-tools.sh installs it"

[[ $(node --version) =~ ^v([0-9]+) ]] && ((BASH_REMATCH[1] >= 20)) || fail "Segment's client for Node needs Node 20"

# It may be relative to this folder.
target=${CARGO_TARGET_DIR:-target}
[[ $target == /* ]] || target=$PWD/$target
export CARGO_TARGET_DIR=$target

# Each client for Python has an environment of its own: two are versions of the same package.
MILLRACE_TEST_SDKS={}
for requirements in sdk/official/python/*.txt; do
  name=$(basename "$requirements" .txt)
  programs=$(scripts/python-tools.sh "$requirements")
  MILLRACE_TEST_SDKS=${MILLRACE_TEST_SDKS%\}}${separator:-}\"$name\":\"$programs\"}
  separator=,
done
export MILLRACE_TEST_SDKS

# Those for Node and browsers, by what the lock file pins, are kept beside the folder that the tests find them in.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/millrace/node
kept=$cache/$({
  node --version
  cat sdk/official/node/package.json sdk/official/node/package-lock.json
} | sha256sum | cut -c 1-16)
if [[ ! -d $kept ]]; then
  mkdir -p "$cache"
  made=$(mktemp -d "$kept.XXXXXX")
  trap 'rm -rf "$made"' EXIT
  cp sdk/official/node/package.json sdk/official/node/package-lock.json "$made"
  npm ci --prefix "$made" --ignore-scripts --no-audit --no-fund --loglevel=error >&2 || fail "npm could not install the clients"
  # Another run may have been faster.
  mv -T "$made" "$kept" 2>/dev/null || [[ -d $kept ]] || fail "$kept can't be made"
fi
ln -sfn "$kept/node_modules" sdk/official/node/node_modules

tools=$(scripts/python-tools.sh sdk/python/requirements-dev.txt)
cd sdk/official
status=0
check() {
  "$@" || {
    echo "test-sdks: ${1##*/} is not satisfied" >&2
    status=1
  }
}
check "$tools/ruff" check --quiet .
check "$tools/ruff" format --check --quiet .
check "$tools/mypy"

../../scripts/run-pytest.sh "$tools/pytest" test-sdks "$@" || status=1
exit "$status"
