"""What the client of the EventService publishes, to servers that misbehave."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pydantic
import pytest
import requests

import event_service_client
from event_service_client import EventClient, EventMessage
from laboratory import AT, GOOD, NOT_OURS, PUBLISHES, Send, message, publish_async, quick
from scripted_server import Act, ScriptedServer, hang, raw, reply, reset

# No whole answer.
BROKEN: dict[str, Act] = {
    "a reset": reset,
    "an early end": raw(b""),
    "half a head": raw(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "half a body": raw(b'HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{"success":'),
    "half a chunked body": raw(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n{"success":'),
    "no HTTP": raw(b"220 mail.example ESMTP\r\n"),
    "a hang": hang,
}


@PUBLISHES
def test_a_message_is_sent_in_pascal_case_without_what_is_none(send: Send) -> None:
    event = message(
        data={"rack": 3, "note": None, "wells": [{"id": "A1", "volume": None}, None], "ü": "日本"},
        event_id="e-1",
        created_date_utc=AT,
        tags=["intake"],
        start=datetime(2026, 11, 20, 9),  # noqa: DTZ001
        end=datetime(2026, 11, 20, 9, tzinfo=timezone(timedelta(hours=2))),
        expiration_date_utc="2027-01-01T00:00:00",
        organization_id="org",
        group_id=7,
        owner_id=uuid.UUID(int=1),
        actor_id="lab_tech_1",
        user_id="u-1",
        operator_id="op",
        activity_id="ac",
        association_id="as",
        module_id="m",
        orchestrator_id="or",
        source_trace_ids=["batch-1"],
        access_policy={"readers": ["lab"]},
        sharing_policy="b",
        retention_policy="c",
        encryption_provider="d",
    )
    with ScriptedServer(GOOD) as server, EventClient(server.url) as client:
        assert json.loads(send(client, event)) == {"success": True, "eventId": "e-1"}
    (request,) = server.requests
    assert (request.method, request.target) == ("POST", "/api/v2.0/EventService")
    assert request.headers["content-type"] == "application/json"
    version = event_service_client.__version__
    assert request.headers["user-agent"] == f"python-event-service-client/{version}"
    assert request.json == {
        "Topic": "sample.received",
        "Subjects": ["s-1"],
        "Data": {"rack": 3, "wells": [{"id": "A1"}, None], "ü": "日本"},
        "EventId": "e-1",
        "CreatedDateUtc": "2026-11-20T21:57:13.123456Z",
        "Tags": ["intake"],
        "Start": "2026-11-20T09:00:00.000000Z",
        "End": "2026-11-20T07:00:00.000000Z",
        "ExpirationDateUtc": "2027-01-01T00:00:00.000000Z",
        "OrganizationId": "org",
        "GroupId": "7",
        "OwnerId": "00000000-0000-0000-0000-000000000001",
        "ActorId": "lab_tech_1",
        "UserId": "u-1",
        "OperatorId": "op",
        "ActivityId": "ac",
        "AssociationId": "as",
        "ModuleId": "m",
        "OrchestratorId": "or",
        "SourceTraceIds": ["batch-1"],
        "AccessPolicy": {"readers": ["lab"]},
        "SharingPolicy": "b",
        "RetentionPolicy": "c",
        "EncryptionProvider": "d",
    }


@PUBLISHES
def test_a_repeat_by_the_caller_is_the_same_event(send: Send) -> None:
    event = message()
    with ScriptedServer(reset, reply(status=503), GOOD) as server, quick(server) as client:
        for _ in range(2):
            with pytest.raises((requests.RequestException, httpx.HTTPError)):
                send(client, event)
        send(client, event)
    assert len(server.requests) == 3
    assert len({request.body for request in server.requests}) == 1


@pytest.mark.parametrize("act", BROKEN.values(), ids=BROKEN.keys())
def test_no_whole_answer_is_an_error_of_who_asked(act: Act) -> None:
    with ScriptedServer(act) as server, quick(server) as client:
        with pytest.raises(requests.RequestException):
            client.publish_event(message())
        with pytest.raises(httpx.TransportError):
            publish_async(client, message())
    assert len(server.requests) == 2


@pytest.mark.parametrize("act", NOT_OURS)
def test_an_answer_that_does_not_say_that_the_event_is_kept_is_an_error(act: Act) -> None:
    with ScriptedServer(act) as server, quick(server) as client:
        with pytest.raises(requests.HTTPError, match=r"the answer was 20.: not the one of an Event"):
            client.publish_event(message())
        with pytest.raises(httpx.HTTPStatusError, match=r"the answer was 20.: not the one of an Event"):
            publish_async(client, message())


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 429, 500, 503])
def test_a_refusal_says_why(status: int) -> None:
    refusal = {"success": False, "code": "missing_field", "message": "Topic is required"}
    with ScriptedServer(reply(refusal, status)) as server, quick(server) as client:
        with pytest.raises(requests.HTTPError, match=f"{status}: Topic is required") as refused:
            client.publish_event(message())
        with pytest.raises(httpx.HTTPStatusError, match=f"{status}: Topic is required") as refused_async:
            publish_async(client, message())
    assert refused.value.response.json() == refused_async.value.response.json() == refusal
    assert len(server.requests) == 2


@PUBLISHES
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_since_it_would_lose_the_event(send: Send, status: int) -> None:
    with ScriptedServer(reply(status=status, Location="/elsewhere"), GOOD) as server:
        with pytest.raises((requests.HTTPError, httpx.HTTPStatusError), match=str(status)):
            send(quick(server), message())
    assert len(server.requests) == 1


def test_a_redirect_is_not_followed_by_an_httpx_client_that_would() -> None:
    with ScriptedServer(reply(status=302, Location="/elsewhere"), GOOD) as server:
        with pytest.raises(httpx.HTTPStatusError, match="302"):
            publish_async(quick(server), message(), follow_redirects=True)
    assert len(server.requests) == 1


@PUBLISHES
def test_nobody_listening_is_no_answer(send: Send) -> None:
    with ScriptedServer() as server:
        pass
    with pytest.raises((requests.ConnectionError, httpx.ConnectError)):
        send(quick(server), message())


def test_the_httpx_client_keeps_its_headers_and_timeouts_and_waits_for_a_connection() -> None:
    async def run() -> None:
        limits, timeout = httpx.Limits(max_connections=1), httpx.Timeout(30.0, pool=0.001)
        key = {"Authorization": "Bearer key"}
        async with httpx.AsyncClient(limits=limits, timeout=timeout, headers=key) as httpx_client:
            answers = (client.publish_async(message(), httpx_client) for _ in range(100))
            await asyncio.gather(*answers)

    with ScriptedServer(GOOD) as server, EventClient(server.url) as client:
        asyncio.run(run())
    assert len(server.requests) == 100
    assert len(server.connections) == 1
    assert {request.headers["authorization"] for request in server.requests} == {"Bearer key"}


def test_it_needs_a_topic_subjects_and_data() -> None:
    with pytest.raises(pydantic.ValidationError) as wrong:
        EventMessage()  # type: ignore[call-arg]
    assert [error["loc"] for error in wrong.value.errors()] == [("topic",), ("subjects",), ("data",)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("topic", ""),
        ("topic", None),
        ("topic", 7),
        ("subjects", "s-1"),
        ("subjects", [1]),
        ("subjects", None),
        ("data", None),
        ("data", "{}"),
        ("data", [1]),
        ("data", {"a": {1, 2}}),
        ("data", {"a": AT}),
        ("data", {1: 2}),
        ("tags", "intake"),
        ("event_id", ""),
        ("event_id", None),
        ("event_id", True),
        ("actor_id", ["a"]),
        ("created_date_utc", None),
        ("created_date_utc", "yesterday"),
        ("created_date_utc", 1_795_557_433),
        ("created_date_utc", "1795557433"),
        ("start", "0001-01-01T00:00:00+01:00"),
        ("source_trace_ids", "batch-1"),
        ("unheard_of", 1),
    ],
)
def test_what_is_wrong_is_a_value_error_that_names_the_field(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=field) as wrong:
        message(**{field: value})
    assert isinstance(wrong.value, pydantic.ValidationError)
    assert {error["loc"][0] for error in wrong.value.errors()} == {field}


def test_it_is_complete_when_it_is_made() -> None:
    first, second = message(), message()
    assert uuid.UUID(first.event_id).version == 4
    assert first.event_id != second.event_id
    assert abs(datetime.now(timezone.utc) - first.created_date_utc) < timedelta(minutes=10)
    assert set(first.to_wire()) == {"Topic", "Subjects", "Data", "EventId", "CreatedDateUtc"}


def test_it_can_be_changed_and_stays_right() -> None:
    event = message()
    event.created_date_utc = datetime(2026, 11, 20)  # noqa: DTZ001
    event.user_id = "u-1"
    assert event.to_wire()["CreatedDateUtc"] == "2026-11-20T00:00:00.000000Z"
    assert event.to_wire()["UserId"] == "u-1"
    with pytest.raises(pydantic.ValidationError, match="topic"):
        event.topic = ""


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the time zone can't be set")
def test_a_time_without_a_time_zone_is_utc_wherever_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        event = message(start=datetime(2026, 11, 20, 9), end="2026-11-20T10:00:00")  # noqa: DTZ001
    time.tzset()
    wire = event.to_wire()
    assert (wire["Start"], wire["End"]) == ("2026-11-20T09:00:00.000000Z", "2026-11-20T10:00:00.000000Z")


def test_it_reads_what_it_writes_and_what_a_query_answers() -> None:
    event = message(created_date_utc=AT, source_trace_ids=["b"], data={"a": [1.5, True, "x"]})
    wire = event.to_wire()
    assert EventMessage(**wire) == event
    assert EventMessage(**{name[0].lower() + name[1:]: value for name, value in wire.items()}) == event


@PUBLISHES
@pytest.mark.parametrize("value", [float("nan"), float("-inf"), "half an emoji \ud83d"])
def test_what_json_has_no_form_of_is_not_sent(send: Send, value: object) -> None:
    with ScriptedServer(GOOD) as server, EventClient(server.url) as client:
        with pytest.raises(ValueError, match=r"JSON|surrogates"):
            send(client, message(data={"a": value}))
    assert server.requests == []


@PUBLISHES
def test_nothing_else_is_published(send: Any) -> None:
    with ScriptedServer(GOOD) as server, EventClient(server.url) as client:
        with pytest.raises(TypeError, match="EventMessage"):
            send(client, {"Topic": "t"})
    assert server.requests == []


def test_none_is_removed_at_any_depth() -> None:
    given = {"a": None, "b": {"c": None, "d": [None, {"e": None, "f": [{"g": None}]}]}, "h": 0, "i": ""}
    expected = {"b": {"d": [None, {"f": [{}]}]}, "h": 0, "i": ""}
    assert EventClient("http://localhost").remove_none_values(given) == expected
    assert given["a"] is None


def test_an_httpx_client_is_given_few_of_many_requests_at_a_time() -> None:
    waiting = most = 0

    async def handle(request: httpx.Request) -> httpx.Response:
        nonlocal waiting, most
        waiting += 1
        most = max(most, waiting)
        for _ in range(3):
            await asyncio.sleep(0)
        waiting -= 1
        return httpx.Response(200, json={"success": True})

    async def run() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as httpx_client:
            await asyncio.gather(*(client.publish_async(message(), httpx_client) for _ in range(1_000)))

    with EventClient("http://localhost") as client:
        asyncio.run(run())
    assert most == event_service_client.MAX_REQUESTS_IN_FLIGHT
