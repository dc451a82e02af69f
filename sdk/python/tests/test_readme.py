"""Every block of the documentation is run, under every interpreter that can, and prints what it says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from installation import ROOT, Installation
from interpreters import PYTHONS
from redis_server import RedisServer

SDK = ROOT / "sdk" / "python"
MARK = "----8<----"
# From here on packages are needed, which only this interpreter has.
WITH_PACKAGES = "\n## Segment events\n"


def blocks(text: str, *kinds: str) -> list[tuple[str, str]]:
    """The kind and the text of each block of these kinds; there must be no others than are known here."""
    found = re.findall(r"^```(.*?)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    unknown = {kind for kind, _ in found} - {"python", "text", "sh", "json"}
    assert not unknown, f"nothing checks the blocks of these kinds: {unknown}"
    for kind, block in found:
        if kind == "json":
            json.loads(block)
    return [(kind, text) for kind, text in found if kind in kinds]


def session(document: str) -> tuple[str, list[str]]:
    """All Python of a document as one program, and what each block prints."""
    program, printed = "", []
    for kind, text in blocks(document, "python", "text"):
        if kind == "python":
            program += f"{text}\nprint({MARK!r})\n"
            printed.append("")
        else:
            printed[-1] = text
    return program, printed


def runs_as_printed(
    url: str, folder: Path, python: str, document: str, redis_url: str = "redis://localhost:6379"
) -> None:
    program, printed = session(document)
    assert printed
    script = folder / "session.py"
    # Conversations of its own, since the installation is shared.
    own = program.replace("http://localhost:8080", url).replace("chat-", f"chat-{uuid.uuid4()}-")
    own = own.replace("redis://localhost:6379", redis_url)
    script.write_text(own)
    ran = subprocess.run(
        [python, "-W", "error", script],
        env={**os.environ, "PYTHONPATH": str(SDK)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.split(f"{MARK}\n") == [*printed, ""]


@pytest.mark.parametrize(
    "document", [SDK / "README.md", ROOT / "README.md"], ids=["the client's", "the project's"]
)
@pytest.mark.parametrize("python", PYTHONS.values(), ids=PYTHONS.keys())
def test_the_python_of_a_readme_runs_as_printed(
    millrace: Installation, tmp_path: Path, python: str, document: Path
) -> None:
    runs_as_printed(millrace.url, tmp_path, python, document.read_text().partition(WITH_PACKAGES)[0])


def test_the_python_that_needs_packages_runs_as_printed(
    millrace: Installation, redis_server: RedisServer, tmp_path: Path
) -> None:
    section = (SDK / "README.md").read_text().partition(WITH_PACKAGES)[2]
    runs_as_printed(millrace.url, tmp_path, sys.executable, section, redis_server.url)


@pytest.mark.parametrize("kind", ["", "py", "pyhton", "python title=x"])
def test_a_block_of_an_unknown_kind_is_noticed(kind: str) -> None:
    with pytest.raises(AssertionError, match="nothing checks"):
        session(f"```python\nprint(1)\n```\n\n```{kind}\nprint(2)\n```\n")


def test_the_commands_of_the_readme_install_the_client(tmp_path: Path) -> None:
    (tmp_path / "sdk").symlink_to(ROOT / "sdk")
    (tmp_path / "your_project").mkdir()
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        # Into a folder that is thrown away, and with the build tool that is here already.
        "PIP_PREFIX": str(tmp_path / "prefix"),
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_NO_INDEX": "1",
        "PIP_NO_WARN_SCRIPT_LOCATION": "1",
    }
    commands = [text for _, text in blocks((SDK / "README.md").read_text(), "sh")]
    assert len(commands) == 5
    for command in commands:
        ran = subprocess.run(
            ["sh", "-euc", command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
    (installed,) = (tmp_path / "prefix").glob("lib/python3*/site-packages")
    for prelude in (
        f"import site; site.addsitedir({str(installed)!r})",
        "import sys; sys.path.insert(0, 'your_project')",
    ):
        program = f"{prelude}; import event_client; print(event_client.__version__)"
        ran = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert (ran.stdout.strip(), ran.stderr) == ("0.1.0", "")
