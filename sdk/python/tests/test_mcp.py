"""Every example of the documentation for assistants is sent, and answered as it says."""

from __future__ import annotations

import json
import re
import subprocess

from installation import ROOT, Installation
from test_questions import is_told

DOCUMENT = ROOT / "docs" / "mcp.md"
EXAMPLE = re.compile(r"^```sh\n(.*?)^```$(?:\n\n```json\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)


def test_every_message_is_answered_as_documented(millrace_of_any_name: Installation) -> None:
    examples = EXAMPLE.findall(DOCUMENT.read_text())
    assert sum(told != "" for _, told in examples) == 3
    for command, told in examples:
        here = command.replace("localhost:8080", millrace_of_any_name.url.removeprefix("http://"))
        ran = subprocess.run(["sh", "-euc", here], cwd=ROOT, capture_output=True, text=True, check=True)
        answer = json.loads(ran.stdout)
        assert not told or is_told(answer, json.loads(told)), f"{command}\n{ran.stdout}"
