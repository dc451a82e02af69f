"""The Python interpreters that are installed here."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path


def interpreters() -> dict[str, str]:
    """One of each version from 3.9 on."""
    found = {sys.version_info[:2]: sys.executable}
    candidates = [shutil.which(f"python3.{minor}") for minor in range(9, 20)]
    candidates += map(str, sorted(Path.home().glob(".pyenv/versions/3.*/bin/python3")))
    for candidate in filter(None, candidates):
        ask = [candidate, "-c", "import sys; print(*sys.version_info[:2])"]
        asked = subprocess.run(ask, capture_output=True, text=True, check=False)
        if asked.returncode == 0:
            major, minor = map(int, asked.stdout.split())
            found.setdefault((major, minor), candidate)
    return {
        f"{major}.{minor}": found[major, minor] for major, minor in sorted(found) if (major, minor) >= (3, 9)
    }


PYTHONS = interpreters()
