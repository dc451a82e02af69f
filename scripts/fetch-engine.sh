#!/usr/bin/env bash
# Fetches the engine's library, prints its path and nothing else on stdout. Quick when it is there already.
#
# The library is a file of an npm package, one package for each platform. A package is used only if its hash is
# the expected one:
# - on Linux x86_64 the one that is pinned below;
# - elsewhere the one in MILLRACE_ENGINE_INTEGRITY, as `npm view PACKAGE@VERSION dist.integrity` prints it;
# - elsewhere without that variable the one that the registry names at the time. This finds a damaged download
#   and no more: who could change the package there could change its hash too. The script warns of it.
#
# A library that was fetched before, and one that MILLRACE_ENGINE_LIB names, are used as they are: nothing is
# fetched, and no hash is looked at.
set -euo pipefail

# Goes with VERSION in crates/engine/src/lib.rs.
version=26.7.3-stable.1

fail() {
  echo "fetch-engine: $*" >&2
  exit 1
}

if [[ -n "${MILLRACE_ENGINE_LIB:-}" ]]; then
  [[ -f "$MILLRACE_ENGINE_LIB" ]] || fail "MILLRACE_ENGINE_LIB names $MILLRACE_ENGINE_LIB, which does not exist"
  echo "$MILLRACE_ENGINE_LIB"
  exit
fi

cache="${XDG_CACHE_HOME:-${HOME:?fetch-engine: neither XDG_CACHE_HOME nor HOME is set}/.cache}/millrace/engine"
library="$cache/$version/libchdb.so"
if [[ -f "$library" ]]; then
  echo "$library"
  exit
fi

case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) platform=linux-x64-gnu ;;
  Linux-aarch64 | Linux-arm64) platform=linux-arm64-gnu ;;
  Darwin-arm64) platform=darwin-arm64 ;;
  Darwin-x86_64) platform=darwin-x64 ;;
  *) fail "there is no engine for $(uname -s) on $(uname -m)" ;;
esac
package="@chdb/lib-$platform@$version"

case "$platform" in
  linux-x64-gnu) pinned=sha512-XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw== ;;
  *) pinned="${MILLRACE_ENGINE_INTEGRITY:-}" ;;
esac
command -v npm >/dev/null || fail "npm is needed to fetch $package and is not installed"
if [[ -z "$pinned" ]]; then
  pinned="$(npm view "$package" dist.integrity --loglevel=error)" || fail "npm does not know $package"
  [[ "$pinned" == sha512-* ]] || fail "the registry names no hash for $package"
  echo "fetch-engine: no hash is pinned for $platform: $package is checked against the registry's own hash only." \
    "To pin it: MILLRACE_ENGINE_INTEGRITY=$pinned" >&2
fi

mkdir -p "$cache/$version"
# What runs that were killed have left behind.
find "$cache" -maxdepth 1 -name '.fetch.*' -mmin +60 -exec rm -rf {} +
# Beside the target, so that moving the file there is atomic.
work="$(mktemp -d "$cache/.fetch.XXXXXX")"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

echo "fetch-engine: fetching $package, about 170 MB" >&2
(cd "$work" && npm pack "$package" --ignore-scripts --loglevel=error >/dev/null) || fail "npm could not fetch $package"
archives=("$work"/*.tgz)
archive="${archives[0]}"
[[ -f "$archive" ]] || fail "npm fetched nothing for $package"

# npm brings node along.
found="$(node -e '
  const hash = require("crypto").createHash("sha512");
  require("fs").createReadStream(process.argv[1])
    .on("data", (piece) => hash.update(piece))
    .on("end", () => console.log("sha512-" + hash.digest("base64")));
' "$archive")" || fail "could not compute the hash of $package"
[[ "$found" == "$pinned" ]] || fail "$package has the hash $found, not $pinned"

tar -xzf "$archive" -C "$work" || fail "could not unpack $package"
# A Mac's may have the name that is usual there.
for name in libchdb.so libchdb.dylib; do
  [[ ! -f "$work/package/$name" ]] || mv -f "$work/package/$name" "$library"
done
[[ -f "$library" ]] || fail "there is no library in $package"
echo "$library"
