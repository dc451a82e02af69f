"""What is found wrong before anything is sent, and what is sent as it is."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

import event_client
from event_client import EventClient, EventSDKError, EventValidationError
from scripted_server import ScriptedServer, reply


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def client(server: ScriptedServer) -> Iterator[EventClient]:
    with EventClient(server.url) as client:
        yield client


WRONG_CALLS = [
    (lambda c: c.track_event("", "event_a"), "conversation_id is required"),
    (lambda c: c.track_event("c", ""), "event_name is required"),
    (lambda c: c.track_event("c", "other"), "event_name must be one of: event_a, event_b, event_c"),
    (lambda c: c.track_event("c", "event_a", latency=float("nan")), "latency must be a finite number"),
    (lambda c: c.track_event("c", "event_a", latency=float("-inf")), "latency must be a finite number"),
    (lambda c: c.track_event("c", "event_a", input_embeddings=[float("nan")]), "can't be sent as JSON"),
    (lambda c: c.track_event("c", "event_a", input="\ud800"), "can't be sent as JSON"),
    (lambda c: c.track_event("c", "event_a", properties={"a": object()}), "can't be sent as JSON"),
    (lambda c: c.track_event("c", "event_a", timestamp=datetime(2026, 1, 1)), "with a time zone"),  # noqa: DTZ001
    (lambda c: c.track_event("c", "event_a", event_id=""), "the id of an event must not be empty"),
    (lambda c: c.update_event("", error="x"), "event_id is required"),
    (lambda c: c.update_event("id"), "an update must change something"),
    (lambda c: c.update_event("id", event_name=""), "event_name is required"),
    (lambda c: c.update_event("id", event_name="other"), "event_name must be one of"),
    (lambda c: c.update_event("id", latency=float("inf")), "latency must be a finite number"),
    (lambda c: c.delete_event(""), "event_id is required"),
    (lambda c: c.delete_event(None), "event_id is required"),
    (lambda c: c.get_event(""), "event_id is required"),
    (lambda c: c.get_event("\ud800"), "event_id is no Unicode text"),
    (lambda c: c.get_events_by_conversation(""), "conversation_id is required"),
    (lambda c: c.get_error_counts(""), "event_name is required"),
]


@pytest.mark.parametrize(("call", "words"), WRONG_CALLS)
def test_a_wrong_call_sends_nothing(
    server: ScriptedServer, client: EventClient, call: Any, words: str
) -> None:
    with pytest.raises(EventValidationError, match=words) as wrong:
        call(client)
    assert (wrong.value.status_code, wrong.value.response) == (None, None)
    assert server.requests == []


def test_only_what_is_passed_is_in_an_update(server: ScriptedServer, client: EventClient) -> None:
    client.update_event("id", error="", latency=0, tags=[])
    assert server.requests[0].json == {"error": "", "latency": 0, "tags": []}


def test_text_is_sent_as_utf_8_and_empty_fields_not_at_all(
    server: ScriptedServer, client: EventClient
) -> None:
    event_id = client.track_event("c", "event_a", input="日本")
    body = server.requests[0].body.decode()
    assert '"input":"日本"' in body
    assert server.requests[0].json == {
        "conversation_id": "c",
        "event_name": "event_a",
        "latency": 0.0,
        "input": "日本",
        "id": event_id,
    }


def test_the_allowed_names_can_be_changed(server: ScriptedServer) -> None:
    with EventClient(server.url, event_names=["mine"]) as client:
        client.track_event("c", "mine")
        with pytest.raises(EventValidationError, match="event_name must be one of: mine"):
            client.track_event("c", "event_a")
    with EventClient(server.url, event_names=None) as client:
        client.track_event("c", "anything")
        with pytest.raises(EventValidationError, match="event_name is required"):
            client.track_event("c", "")


def test_key_and_tenant_are_sent_as_headers(server: ScriptedServer) -> None:
    with event_client.create_client(server.url + "/base/", api_key="secret", tenant="acme") as client:
        client.get_event("a/b")
    request = server.requests[0]
    assert (request.method, request.target) == ("GET", "/base/event/a%2Fb")
    assert (request.headers["authorization"], request.headers["x-tenant"]) == ("Bearer secret", "acme")


@pytest.mark.parametrize(
    "options",
    [
        {"base_url": "localhost:8080"},
        {"base_url": "ftp://localhost"},
        {"base_url": "http://"},
        {"base_url": "http://localhost:port"},
        {"api_key": "a\r\nX-Tenant: b"},
        {"tenant": "ü"},
    ],
)
def test_options_that_can_not_work_are_refused_at_once(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must be|[Pp]ort"):
        EventClient(**options)


@pytest.mark.parametrize(("timeout", "wait"), [(30.0, "10000ms"), (5.0, "2500ms")])
def test_the_server_waits_for_less_time_than_the_client(
    server: ScriptedServer, timeout: float, wait: str
) -> None:
    with EventClient(server.url, timeout=timeout) as client:
        client.track_event("c", "event_a", wait=True)
        client.update_event("id", error="", wait=True)
        client.delete_event("id", wait=True)
        client.delete_event("id")
    targets = [request.target for request in server.requests]
    assert targets == [f"/event?wait={wait}", f"/event/id?wait={wait}", f"/event/id?wait={wait}", "/event/id"]


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://localhost", ("localhost", 80)),
        ("https://localhost/", ("localhost", 443)),
        ("http://[::1]", ("::1", 80)),
        ("http://[::1]:8080/base", ("::1", 8080)),
    ],
)
def test_a_url_says_where_to_connect(url: str, address: tuple[str, int]) -> None:
    connections = EventClient(url)._connections
    assert (connections._host, connections._port) == address


def test_an_error_can_be_pickled() -> None:
    error = pickle.loads(pickle.dumps(EventSDKError("text", 500, {"code": "internal"})))
    assert (str(error), error.status_code, error.response) == ("text", 500, {"code": "internal"})


def test_an_answer_may_be_empty_of_data() -> None:
    with ScriptedServer(reply({"success": True})) as server, EventClient(server.url) as client:
        assert client.get_event("id") is None
        assert client.get_events_by_conversation("c") == []
        assert client.get_latency_stats() == []
