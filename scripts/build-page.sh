#!/usr/bin/env bash
# Builds the web page into web/dist, from where the crate `web` embeds it. Quick when nothing in web/ has changed
# since: stamps beside it say of which sources, and for which packages node_modules, was made.
#
# `build-page.sh packages` only installs the packages.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../web"

fail() {
  echo "build-page: $*" >&2
  exit 1
}

command -v npm >/dev/null || fail "npm is needed to build the page and is not installed"
[[ $(node --version) =~ ^v([0-9]+) ]] && ((BASH_REMATCH[1] >= 20)) || fail "the page needs Node 20 or newer"

# Of what there is below these names, by names and contents.
hash_of() {
  find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-64
}
is_stamped() { [[ -f $1 && $(<"$1") == "$2" ]]; }

packages=$({ node --version && hash_of package.json package-lock.json; } | tr '\n' ' ')
if ! is_stamped node_modules/.millrace "$packages"; then
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 || fail "npm could not install the packages"
  echo "$packages" >node_modules/.millrace
fi
if [[ ${1:-} == packages ]]; then
  exit
fi

sources=$(find . -mindepth 1 -maxdepth 1 ! -name node_modules ! -name dist ! -name e2e ! -name '.built*' | LC_ALL=C sort)
mapfile -t sources <<<"$sources"
built=$(hash_of "${sources[@]}")
if ! { [[ -f dist/index.html ]] && is_stamped .built "$built"; }; then
  echo "build-page: building the page" >&2
  npm run build --silent >&2 || fail "the page could not be built"
  echo "$built" >.built
fi
