"""What is tried again, how often and how soon."""

from __future__ import annotations

import socket
import uuid
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any, Callable

import pytest

from event_client import (
    EventClient,
    EventNotFoundError,
    EventSDKError,
    EventUnavailableError,
    EventValidationError,
)
from scripted_server import Act, ScriptedServer, hang, raw, reply, reset

HTML = b"<html><body>Bad Gateway</body></html>"
TRANSIENT = {
    "a reset": reset,
    "an early end": raw(b""),
    "half a head": raw(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "half a body": raw(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"success":'),
    "half a body of no length": raw(b'HTTP/1.0 200 OK\r\n\r\n{"success":'),
    "half a chunked body": raw(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"suc'),
    "no HTTP": raw(b"220 mail.example ESMTP\r\n"),
    "a length of no machine": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9" + b"9" * 30 + b"\r\n\r\n{}"),
    "a length of no memory": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1" + b"0" * 17 + b"\r\n\r\n{}"),
    "a chunk of no machine": raw(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 30 + b"\r\n{}"
    ),
    "a hang": hang,
    "408": reply(status=408, keep=False, Connection="close"),
    "425": reply(status=425),
    "429": reply(status=429),
    "500": reply(status=500),
    "502 with HTML": reply(HTML, 502, Content_Type="text/html"),
    "503": reply(status=503),
    "504 without a body": reply(b"", 504),
}


def quick(server: ScriptedServer, **options: Any) -> EventClient:
    return EventClient(server.url, **{"timeout": 0.5, "retry_delay": 0.01, **options})


CALLS: dict[str, Callable[[EventClient], object]] = {
    "POST": lambda client: client.track_event("c", "event_a"),
    "GET": lambda client: client.get_events_by_conversation("c"),
    "PUT": lambda client: client.update_event("id", error=""),
    "DELETE": lambda client: client.delete_event("id"),
}


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize("act", TRANSIENT.values(), ids=TRANSIENT.keys())
def test_a_passing_fault_is_tried_again(act: Act, method: str) -> None:
    with ScriptedServer(act, act, reply()) as server, quick(server) as client:
        CALLS[method](client)
    assert [request.method for request in server.requests] == [method] * 3
    assert len({(request.target, request.body) for request in server.requests}) == 1
    assert len({request.headers.get("idempotency-key") for request in server.requests}) == 1


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize("act", TRANSIENT.values(), ids=TRANSIENT.keys())
def test_three_attempts_are_all(act: Act, method: str) -> None:
    with ScriptedServer(act) as server, quick(server) as client:
        with pytest.raises(EventUnavailableError):
            CALLS[method](client)
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [301, 401, 403, 405, 409, 413, 422])
def test_what_another_attempt_would_not_change_is_not_tried_again(status: int) -> None:
    with ScriptedServer(reply(status=status)) as server, quick(server) as client:
        with pytest.raises(EventSDKError) as refused:
            client.track_event("c", "event_a")
    assert refused.value.status_code == status
    assert type(refused.value) is EventSDKError
    assert len(server.requests) == 1


@pytest.mark.parametrize("body", [b"", HTML, b'{"success":false,"error":"no"}'])
@pytest.mark.parametrize("head", ["HTTP/1.0 %d No\r\n\r\n", "HTTP/1.1 %d No\r\nConnection: close\r\n\r\n"])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 413])
def test_a_refusal_needs_no_length(status: int, head: str, body: bytes) -> None:
    with ScriptedServer(raw(f"{head % status}".encode() + body)) as server, quick(server) as client:
        with pytest.raises(EventSDKError) as refused:
            client.track_event("c", "event_a")
    assert refused.value.status_code == status
    assert not isinstance(refused.value, EventUnavailableError)
    assert len(server.requests) == 1


def test_400_and_404_have_errors_of_their_own() -> None:
    answer = {"success": False, "error": "days must be a positive integer", "code": "invalid_field"}
    with ScriptedServer(reply(answer, 400), reply(HTML, 404)) as server, quick(server) as client:
        with pytest.raises(EventValidationError) as wrong:
            client.get_error_counts("event_a", days=0)
        with pytest.raises(EventNotFoundError) as missing:
            client.delete_event("id")
    assert str(wrong.value) == wrong.value.message == "days must be a positive integer"
    assert (wrong.value.status_code, wrong.value.response) == (400, answer)
    assert (missing.value.status_code, missing.value.response) == (404, HTML.decode())


@pytest.mark.parametrize("body", [HTML, b"", b"[]", b"null", b'"text"', b"\xff\xfe", b"[" * 100_000])
def test_a_good_status_without_a_json_object_is_an_error(body: bytes) -> None:
    with ScriptedServer(reply(body)) as server, quick(server) as client:
        with pytest.raises(EventSDKError, match="the server answered 200 without a JSON object") as wrong:
            client.get_event("id")
    assert wrong.value.response == body.decode(errors="replace")
    assert len(server.requests) == 1


def test_the_error_tells_what_the_last_attempt_met() -> None:
    down = {"success": False, "error": "writes are unavailable at the moment", "code": "unavailable"}
    with ScriptedServer(reset, reply(HTML, 502), reply(down, 503)) as server, quick(server) as client:
        with pytest.raises(EventUnavailableError, match=r"^writes are unavailable at the moment$") as failed:
            client.track_event("c", "event_a")
    assert (failed.value.status_code, failed.value.response) == (503, down)


def test_nobody_listening_is_no_answer() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with EventClient(url, retry_delay=0.0) as client:
            with pytest.raises(EventUnavailableError, match=r"no answer from .*refused") as failed:
                client.track_event("c", "event_a")
    assert (failed.value.status_code, failed.value.response) == (None, None)
    assert isinstance(failed.value.__cause__, ConnectionRefusedError)


@pytest.mark.parametrize("host", ["does-not-exist.invalid", "a" * 64 + ".example"])
def test_a_host_without_an_address_is_no_answer(host: str) -> None:
    with EventClient(f"http://{host}", retry_delay=0.0) as client:
        assert client.health_check() is False
        with pytest.raises(EventUnavailableError):
            client.get_event("id")


def test_the_delay_doubles() -> None:
    with ScriptedServer(reply(status=500)) as server, quick(server, max_retries=4, retry_delay=0.1) as client:
        with pytest.raises(EventUnavailableError):
            client.get_event("id")
    for gap, delay in zip(server.gaps(), [0.1, 0.2, 0.4]):
        assert delay <= gap < 1.5 * delay + 1.0


def test_delays_differ_and_have_a_limit() -> None:
    client = EventClient(max_retries=100, retry_delay=1.0)
    fault = EventUnavailableError("down")
    delays = {client._delay(1, fault) for _ in range(20)}
    assert len(delays) > 10
    assert all(1.0 <= delay <= 1.5 for delay in delays)
    assert client._delay(5_000, fault) <= 45.0


@pytest.mark.parametrize("status", [429, 503])
def test_a_retry_after_is_obeyed(status: int) -> None:
    with ScriptedServer(reply(status=status, Retry_After="1"), reply()) as server, quick(server) as client:
        client.track_event("c", "event_a")
    assert 1.0 <= server.gaps()[0] < 5.0


def test_a_retry_after_may_be_a_date() -> None:
    later = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=3), usegmt=True)
    with ScriptedServer(reply(status=503, Retry_After=later), reply()) as server, quick(server) as client:
        client.track_event("c", "event_a")
    assert 1.5 <= server.gaps()[0] < 10.0


@pytest.mark.parametrize(
    "value",
    [
        "soon",
        "-1",
        "²",
        "1.5",
        "Wed, 99 Foo 2026",
        "Sat, 21 Nov 2020 00:00:00 GMT",
        f"Sat, 21 Nov {10**30} 00:00:00 GMT",
    ],
)
def test_a_retry_after_that_says_nothing_is_ignored(value: str) -> None:
    with ScriptedServer(reply(status=503, Retry_After=value), reply()) as server, quick(server) as client:
        client.track_event("c", "event_a")
    assert server.gaps()[0] < 1.0


@pytest.mark.parametrize(("value", "seconds"), [("3600", 3600.0), ("9" * 400, 1e9)], ids=["hour", "eternity"])
def test_a_retry_after_of_an_hour_is_left_to_the_caller(value: str, seconds: float) -> None:
    with ScriptedServer(reply(status=429, Retry_After=value)) as server, quick(server) as client:
        with pytest.raises(EventUnavailableError) as failed:
            client.track_event("c", "event_a")
    assert failed.value.retry_after == seconds
    assert len(server.requests) == 1


def test_a_question_that_is_too_large_is_asked_once() -> None:
    answer = {"success": False, "error": "ask for fewer days", "code": "query_too_large"}
    with ScriptedServer(reply(answer, 422, Retry_After="1")) as server, quick(server) as client:
        with pytest.raises(EventSDKError, match="ask for fewer days") as refused:
            client.get_latency_stats()
    assert (refused.value.status_code, refused.value.response) == (422, answer)
    assert len(server.requests) == 1


def test_an_event_that_may_not_be_kept_can_be_sent_again_as_the_same() -> None:
    with ScriptedServer(reply(status=503)) as server, quick(server, max_retries=1) as client:
        with pytest.raises(EventUnavailableError) as failed:
            client.track_event("c", "event_a")
        (event_id,) = failed.value.event_ids
        assert server.requests[0].json["id"] == event_id
        with pytest.raises(EventUnavailableError) as failed:
            client.track_events([{"conversation_id": "c"}, {"properties": {1, 2}}, {"conversation_id": "d"}])
        sent = [event["id"] for event in server.requests[1].json["events"]]
    assert failed.value.event_ids == sent
    assert len(sent) == 2


def test_each_update_has_a_key_of_its_own() -> None:
    with ScriptedServer() as server, quick(server) as client:
        client.update_event("id", error="")
        client.update_event("id", error="")
        client.update_event("id", error="", idempotency_key="order 7")
    first, second, given = [request.headers["idempotency-key"] for request in server.requests]
    assert first != second
    assert uuid.UUID(first).version == 4
    assert given == "order 7"


@pytest.mark.parametrize("key", ["", "x" * 256, "a\r\nX-Tenant: b", "ü", 7])
def test_a_key_that_is_no_header_is_refused(key: Any) -> None:
    with ScriptedServer() as server, quick(server) as client:
        with pytest.raises(EventValidationError, match="idempotency_key must be 1 to 255 printable ASCII"):
            client.update_event("id", error="", idempotency_key=key)
    assert server.requests == []


@pytest.mark.parametrize("attempts", [0, 1])
def test_there_is_always_one_attempt(attempts: int) -> None:
    with ScriptedServer(reply(status=500)) as server, quick(server, max_retries=attempts) as client:
        with pytest.raises(EventUnavailableError):
            client.get_event("id")
    assert len(server.requests) == 1
