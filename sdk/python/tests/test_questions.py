"""Every example of the questions' documentation is asked, and answered as it says."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from installation import ROOT, Installation

DOCUMENT = ROOT / "docs" / "questions.md"
BLOCK = re.compile(r"^```(sh|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples() -> list[tuple[str, str | None]]:
    """Each command with what `data` of its answer is, where the document tells it."""
    found: list[tuple[str, str | None]] = []
    for kind, text in BLOCK.findall(DOCUMENT.read_text()):
        if kind == "sh":
            found.append((text, None))
        else:
            command, told = found.pop()
            assert told is None, f"an answer without a question: {text}"
            found.append((command, text))
    return found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    running = Installation(tmp_path_factory.mktemp("shop"), settings={"EVENT_NAMES": "*"})
    yield running
    running.stop()


def test_every_question_is_answered_as_documented(shop: Installation) -> None:
    assert len(examples()) > 3
    for command, told in examples():
        here = command.replace("localhost:8080", shop.url.removeprefix("http://"))
        ran = subprocess.run(["sh", "-euc", here], cwd=ROOT, capture_output=True, text=True, check=True)
        if told is None:
            assert '"success":true' in ran.stdout or not ran.stdout.startswith('{"success"'), ran.stdout
        else:
            answer = json.loads(ran.stdout)
            assert is_told(answer.get("data"), json.loads(told)), f"{command}\n{ran.stdout}"


def is_told(answer: Any, told: Any) -> bool:
    """Whether they are the same, but for what the document has an ellipsis in place of."""
    if isinstance(told, dict) and isinstance(answer, dict):
        return told.keys() == answer.keys() and all(is_told(answer[name], told[name]) for name in told)
    if isinstance(told, list) and isinstance(answer, list):
        return len(told) == len(answer) and all(map(is_told, answer, told))
    return told in ("…", answer)
