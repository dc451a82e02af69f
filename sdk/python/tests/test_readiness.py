"""Whether the server is well, and waiting until it is."""

from __future__ import annotations

import socket
import time

import pytest

from event_client import EventClient
from installation import Installation
from scripted_server import Act, ScriptedServer, hang, raw, reply, reset

BAD_ANSWERS = {
    "a reset": reset,
    "half a head": raw(b"HTTP/1."),
    "500": reply(status=500),
    "429": reply(status=429, Retry_After="60"),
    "404": reply(status=404),
    "a length of no machine": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9" + b"9" * 30 + b"\r\n\r\n{}"),
    "a date of no calendar": reply(status=503, Retry_After=f"Sat, 21 Nov {10**30} 00:00:00 GMT"),
    "HTML": reply(b"<html></html>"),
    "an answer of another service": reply({"status": "ok"}),
}


def test_a_running_millrace_is_well_and_ready(millrace: Installation) -> None:
    with EventClient(millrace.url) as client:
        assert client.health_check() is True
        assert client.wait_until_ready(timeout=10.0) is True


@pytest.mark.parametrize("act", BAD_ANSWERS.values(), ids=BAD_ANSWERS.keys())
def test_a_check_asks_once_and_never_raises(act: Act) -> None:
    with ScriptedServer(act) as server, EventClient(server.url, retry_delay=60.0) as client:
        assert client.health_check() is False
    assert len(server.requests) == 1


def test_a_check_does_not_wait_for_a_server_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("event_client._client.PROBE_TIMEOUT", 0.2)
    start = time.monotonic()
    with ScriptedServer(hang) as server, EventClient(server.url) as client:
        assert client.health_check() is False
        assert time.monotonic() - start < 5.0
        assert client.wait_until_ready(timeout=0.5, interval=0.01) is False
        assert time.monotonic() - start < 10.0


def test_waiting_ends_as_soon_as_the_server_is_ready() -> None:
    with (
        ScriptedServer(reset, reply(status=503), reply(status=503, Retry_After="60"), reply()) as server,
        EventClient(server.url, retry_delay=60.0) as client,
    ):
        assert client.wait_until_ready(timeout=60.0, interval=0.1) is True
    assert [request.target for request in server.requests] == ["/ready"] * 4
    assert all(0.1 <= gap < 5.0 for gap in server.gaps())


def test_waiting_ends_with_its_timeout() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        start = time.monotonic()
        with EventClient(f"http://127.0.0.1:{unused.getsockname()[1]}") as client:
            assert client.wait_until_ready(timeout=0.0) is False
            assert client.wait_until_ready(timeout=0.3, interval=60.0) is False
        assert 0.3 <= time.monotonic() - start < 10.0
