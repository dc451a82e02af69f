"""The buffered client at the end of a process, and in its children."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from installation import ROOT
from interpreters import PYTHONS
from scripted_server import ScriptedServer, echo_batch, events_of, received, reply


def run(source: str, url: str, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    path = str(ROOT / "sdk" / "python")
    prelude = f"import sys; sys.path.insert(0, {path!r}); URL = {url!r}\n"
    prelude += "from buffered_event_client import BufferedEventClient\nfrom event_client import EventClient\n"
    return subprocess.run(
        [python, "-c", prelude + source], capture_output=True, text=True, timeout=60, check=False
    )


def test_a_process_that_ends_sends_what_it_has() -> None:
    with ScriptedServer(echo_batch) as server:
        ended = run(
            "events = BufferedEventClient(URL, flush_interval=60.0)\n"
            "for n in range(250): print(events.track_event('c', 'event_a'))\n",
            server.url,
        )
        assert (ended.returncode, ended.stderr) == (0, "")
        assert received(server) == ended.stdout.split()
    assert len(ended.stdout.split()) == 250


def test_a_process_that_can_not_send_ends_all_the_same() -> None:
    with ScriptedServer(reply(status=503)) as down:
        ended = run(
            "import atexit\n"
            "events = BufferedEventClient(URL)\n"
            "atexit.unregister(events.close)\n"
            "atexit.register(events.close, 0.1)\n"
            "print(events.track_event('c', 'event_a'))\n",
            down.url,
        )
    assert ended.returncode == 0
    assert f"closed, and not sent within 0.1 seconds; dropped: {ended.stdout.strip()}" in ended.stderr


AT_THE_END = {
    "in a callback": """
import atexit
events = BufferedEventClient(URL, flush_interval=60.0)
atexit.register(lambda: [print(events.track_event("c", "event_a")) for _ in range(3)])
""",
    "in a callback that makes the client": """
import atexit
def last_words():
    events = BufferedEventClient(URL, flush_interval=60.0)
    for _ in range(3): print(events.track_event("c", "event_a"))
    events.flush()
atexit.register(last_words)
""",
    "on a thread that outlives the main one": """
import threading
events = BufferedEventClient(URL, flush_interval=60.0)
def outlive():
    threading.main_thread().join()
    for _ in range(3): print(events.track_event("c", "event_a"))
threading.Thread(target=outlive).start()
""",
}


@pytest.mark.parametrize("source", AT_THE_END.values(), ids=AT_THE_END.keys())
@pytest.mark.parametrize("python", PYTHONS.values(), ids=PYTHONS.keys())
def test_what_is_first_tracked_at_the_end_is_sent(python: str, source: str) -> None:
    with ScriptedServer(echo_batch) as server:
        ended = run(source, server.url, python)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert received(server) == ended.stdout.split()
    assert len(ended.stdout.split()) == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_what_is_closed_is_closed_in_a_forked_child_too() -> None:
    with ScriptedServer(echo_batch) as server:
        ended = run(
            """
import os
events = BufferedEventClient(URL)
events.close()
child = os.fork()
if child == 0:
    taken = events.track_event("child", "event_a")
    raise SystemExit(0 if taken is None and events.dropped == 1 else 1)
assert os.waitpid(child, 0)[1] == 0
""",
            server.url,
        )
    assert ended.returncode == 0, ended.stderr
    assert "the client is closed; dropped: " in ended.stderr
    assert server.requests == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_sends_its_own_events_and_not_its_parents() -> None:
    with ScriptedServer(echo_batch) as server:
        ended = run(
            """
import os, threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)
events = BufferedEventClient(URL, flush_interval=60.0)
busy = threading.Thread(target=lambda: [events.track_event("busy", "event_a") for _ in range(3000)])
busy.start()
events.track_event("parent", "event_a")
children = []
for n in range(5):
    child = os.fork()
    if child == 0:
        assert events.pending == 0 and events.dropped == 0
        for _ in range(100): events.track_event(f"child-{n}", "event_a")
        raise SystemExit(0)
    children.append(child)
assert [os.waitpid(child, 0)[1] for child in children] == [0] * 5
busy.join()
events.track_event("parent", "event_a")
""",
            server.url,
        )
        assert (ended.returncode, ended.stderr) == (0, "")
        sent = [event["conversation_id"] for request in server.requests for event in events_of(request)]
    assert {name: sent.count(name) for name in sent} == {
        "busy": 3_000,
        "parent": 2,
        **{f"child-{n}": 100 for n in range(5)},
    }
    assert len(set(received(server))) == 3_502
