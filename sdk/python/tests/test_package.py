"""What is installed by `pip`."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest

from installation import ROOT

PACKAGES = (ROOT / "sdk" / "python", ROOT / "sdk" / "python" / "biosero-datamodels")
PROGRAM = """
from typing import Optional
from buffered_event_client import BufferedEventClient
from biosero.datamodels.events import EventMessage
from biosero.datamodels.restclients import EventClient as LaboratoryClient
from event_client import EventClient
from redis_events import Event, EventPublisher
from segment_client import SegmentClient, SemanticEvent
from typed_events import OrderCreated

with EventClient() as client:
    event_id: str = client.track_event("chat-1", "event_a", latency=1)
with BufferedEventClient(client=client) as events:
    perhaps: Optional[str] = events.track_event("chat-1", "event_a")
with SegmentClient("write-key", entity_gid="shop-1", partition="eu") as segment:
    event: SemanticEvent = segment.track("visit-7", "event_a", user_id="u")
with LaboratoryClient("http://localhost:8080") as laboratory:
    answer: dict[str, object] = laboratory.publish_event(EventMessage(topic="t", subjects=["s"], data={}))
with EventPublisher() as publisher:
    order: OrderCreated = {"order_id": "o-1", "total_amount": 1, "currency": "EUR"}
    sent: Event = publisher.publish("order.created", "shop-1", order)
"""


def run(*command: object, cwd: Path | None = None) -> str:
    ran = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, check=False, cwd=cwd
    )
    return f"{ran.stdout}{ran.stderr}status {ran.returncode}"


@pytest.fixture(scope="module", params=[[], ["--editable"]], ids=["installed", "editable"])
def python(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with nothing but the clients in it."""
    folder = tmp_path_factory.mktemp("package")
    venv.create(folder / "venv", symlinks=True)
    installed = run(
        sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index",
        "--no-warn-script-location", "--prefix", folder / "venv",
        *[word for package in PACKAGES for word in (*request.param, package)],
    )  # fmt: skip
    assert installed.endswith("status 0"), installed
    return folder / "venv" / "bin" / "python"


def test_the_package_needs_nothing_else(python: Path) -> None:
    shown = run(
        python,
        "-I",
        "-W",
        "error",
        "-c",
        "import buffered_event_client as b; print(b.EventClient.__module__)",
    )
    assert shown == "event_client\nstatus 0"


def test_the_names_of_existing_programs_leave_room_for_other_parts_of_their_package(python: Path) -> None:
    shown = run(python, "-I", "-W", "error", "-c", "import biosero; print(biosero.__file__)")
    assert shown == "None\nstatus 0"


def test_the_package_is_typed(python: Path, tmp_path: Path) -> None:
    def check(source: str) -> str:
        program = tmp_path / "program.py"
        program.write_text(source)
        config = tmp_path / "mypy.ini"
        config.write_text("[mypy]\n")
        return run(
            sys.executable, "-m", "mypy", "--strict", "--config-file", config, "--python-executable", python,
            "--cache-dir", tmp_path / "cache", program,
            cwd=tmp_path,  # for a file that is there would be preferred
        )  # fmt: skip

    assert "Success: no issues found" in check(PROGRAM)
    wrong = check(PROGRAM.replace("latency=1)", 'latency="1")'))
    assert wrong.count("error:") == 1, wrong
    assert 'Argument "latency" to "track_event" of "Writes" has incompatible type "str"' in wrong
    wrong = check(PROGRAM.replace("answer: dict[str, object]", "answer: str"))
    assert 'expression has type "dict[str, Any]", variable has type "str"' in wrong
