#!/usr/bin/env bash
# python-tools.sh FILE: installs the requirements of that file in an environment of their own, unless one is there
# for this interpreter and these versions, and prints its folder of programs.
#
# PYTHON names another interpreter than python3.
set -euo pipefail

fail() {
  echo "python-tools: $*" >&2
  exit 1
}

python=${PYTHON:-python3}
command -v "$python" >/dev/null || fail "$python is missing: scripts/install-test-tools.sh installs it"
"$python" -c 'import ensurepip, venv' 2>/dev/null || fail "$python can't make environments: install python3-venv"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/millrace/python
name=$("$python" -c 'import hashlib, sys
of = sys.version + sys.executable + open(sys.argv[1]).read()
print(hashlib.sha256(of.encode()).hexdigest()[:16])' "$1")
if [[ ! -d $cache/$name/bin ]]; then
  mkdir -p "$cache"
  # Under a name of its own, because an environment can't be moved and another run may be making one too.
  made=$(mktemp -d "$cache/$name.XXXXXX")
  trap 'rm -rf "$made"' EXIT
  "$python" -m venv "$made"
  "$made/bin/pip" install --quiet --disable-pip-version-check --requirement "$1" >&2 || fail "pip could not install $1"
  ln -sfn "$(basename "$made")" "$cache/$name"
  trap - EXIT
fi
echo "$cache/$name/bin"
