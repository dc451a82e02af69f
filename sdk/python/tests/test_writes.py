"""Single writes, against a running Millrace."""

from __future__ import annotations

import json
import re
import socket
from datetime import datetime, timedelta, timezone
from urllib.request import Request, urlopen

import pytest

from event_client import EventClient, EventNotFoundError, EventSDKError, EventValidationError
from installation import Installation
from scripted_server import Request as ScriptedRequest
from scripted_server import ScriptedServer, reply, reset

UUID_7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
UNKNOWN_ID = "019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5b"


def found(client: EventClient, event_id: str) -> dict[str, object]:
    event = client.get_event(event_id)
    assert event is not None
    return event


def test_an_event_is_returned_as_it_was_tracked(client: EventClient) -> None:
    event_id = client.track_event(
        "chat/1?ä#%2F 😀",
        "event_b",
        "timeout",
        120.5,
        "Hello?\n\x00 日本",
        [0.5, -1.25],
        "Hi!",
        [1, 2],
        {"model": "m", "n": 1},
        user_id="u-1",
        tags=["a", "b"],
        properties={"price": 1.0, "nested": {"list": [None, True]}},
        wait=True,
    )
    assert UUID_7.fullmatch(event_id)
    event = found(client, event_id)
    assert str(event.pop("created_at")) <= str(event.pop("updated_at"))
    assert event == {
        "id": event_id,
        "conversation_id": "chat/1?ä#%2F 😀",
        "event_name": "event_b",
        "error": "timeout",
        "latency": 120.5,
        "input": "Hello?\n\x00 日本",
        "input_embeddings": [0.5, -1.25],
        "output": "Hi!",
        "output_embeddings": [1, 2],
        "conversation_metadata": '{"model":"m","n":1}',
        "user_id": "u-1",
        "tags": ["a", "b"],
        "properties": {"price": 1.0, "nested": {"list": [None, True]}},
    }


def test_a_timestamp_is_the_time_of_the_event(client: EventClient) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=timezone(timedelta(hours=2)))
    event_id = client.track_event("c", "event_a", timestamp=at, wait=True)
    assert found(client, event_id)["created_at"] == "2026-01-02T01:04:05.678Z"


def test_events_of_one_time_keep_their_order_whoever_makes_their_ids(
    millrace: Installation, client: EventClient, tenant: str
) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    made = []
    for turn in range(20):
        if turn % 2:
            made.append(client.track_event("c", "event_a", input=str(turn), timestamp=at, wait=True))
        else:
            event = {"conversation_id": "c", "event_name": "event_a", "timestamp": at.isoformat()}
            request = Request(
                f"{millrace.url}/event?wait=true", json.dumps(event).encode(), {"X-Tenant": tenant}
            )
            with urlopen(request) as answer:
                made.append(json.load(answer)["data"]["id"])
    assert [event["id"] for event in client.get_events_by_conversation("c")] == made


def test_the_same_id_is_the_same_event(client: EventClient) -> None:
    event_id = client.track_event("c", "event_a", input="first", wait=True)
    assert client.track_event("c", "event_a", input="again", event_id=event_id, wait=True) == event_id
    assert [event["input"] for event in client.get_events_by_conversation("c")] == ["first"]


def test_the_same_message_id_is_the_same_event(client: EventClient) -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
    made = [
        client.track_event("c", "event_a", input=text, message_id="order-7", timestamp=at, wait=True)
        for text in ("first", "again")
    ]
    batch = [{"conversation_id": "c", "event_name": "event_a", "message_id": "order-7", "timestamp": at}]
    assert client.track_events(batch, wait=True) == [{"id": made[0]}]
    assert made[0] == made[1]
    (event,) = client.get_events_by_conversation("c")
    assert (event["id"], event["input"], event["created_at"]) == (
        made[0],
        "first",
        "2026-01-02T03:04:05.000Z",
    )


def test_an_update_changes_what_is_passed_and_nothing_else(client: EventClient) -> None:
    event_id = client.track_event("c", "event_a", "e", 5.0, "in", [1.0], "out", [2.0], "m", wait=True)
    answer = client.update_event(event_id, output="changed", wait=True)
    assert answer["success"] is True
    assert answer["data"]["id"] == event_id
    event = found(client, event_id)
    assert (event["output"], event["input"], event["error"], event["latency"]) == ("changed", "in", "e", 5.0)


def test_an_update_with_empty_values_clears(client: EventClient) -> None:
    event_id = client.track_event("c", "event_a", "e", 5.0, "in", [1.0], "out", [2.0], "m", wait=True)
    client.update_event(
        event_id,
        error="",
        latency=0,
        input="",
        input_embeddings=[],
        output="",
        output_embeddings=[],
        conversation_metadata="",
        wait=True,
    )
    event = found(client, event_id)
    assert (event["error"], event["latency"], event["input"], event["output"]) == ("", 0, "", "")
    assert (event["input_embeddings"], event["output_embeddings"]) == ([], [])
    assert event["conversation_metadata"] == ""


def test_an_update_that_is_tried_again_does_not_undo_a_newer_one(
    millrace: Installation, client: EventClient, tenant: str
) -> None:
    event_id = client.track_event("c", "event_a", wait=True)
    others: list[object] = []

    def lose_the_answer(connection: socket.socket, request: ScriptedRequest) -> bool:
        headers = {name: request.headers[name] for name in ("idempotency-key",) if name in request.headers}
        headers["X-Tenant"] = tenant
        url = millrace.url + request.target
        with urlopen(Request(url, request.body, headers, method="PUT")) as answer:
            body = answer.read()
        if others:
            return reply(body)(connection, request)
        others.append(client.update_event(event_id, output="newer", wait=True))
        return reset(connection, request)

    with ScriptedServer(lose_the_answer) as lossy, EventClient(lossy.url, retry_delay=0.0) as unlucky:
        assert unlucky.update_event(event_id, output="older", wait=True)["message"] == "event updated"
    assert len(lossy.requests) == 2
    assert found(client, event_id)["output"] == "newer"


def test_a_deleted_event_is_gone(client: EventClient) -> None:
    event_id = client.track_event("c", "event_a", wait=True)
    answer = client.delete_event(event_id, wait=True)
    assert answer["success"] is True
    assert client.get_event(event_id) is None
    assert client.get_events_by_conversation("c") == []
    with pytest.raises(EventNotFoundError):
        client.delete_event(event_id, wait=True)
    with pytest.raises(EventSDKError) as deleted:
        client.track_event("c", "event_a", event_id=event_id, wait=True)
    assert deleted.value.status_code == 409


def test_an_update_of_an_unknown_event_is_an_error_for_those_who_wait(client: EventClient) -> None:
    with pytest.raises(EventNotFoundError) as unknown:
        client.update_event(UNKNOWN_ID, error="", wait=True)
    assert unknown.value.status_code == 404
    assert unknown.value.message == "event not found"
    with pytest.raises(EventNotFoundError):
        client.update_event("no/id", error="")
    with pytest.raises(EventNotFoundError):
        client.delete_event("../x")


def test_what_the_server_finds_wrong_is_a_validation_error(client: EventClient) -> None:
    with pytest.raises(EventValidationError) as refused:
        client.track_event("c", "event_a", latency=-1.0)
    assert refused.value.status_code == 400
    assert "latency" in refused.value.message
    assert isinstance(refused.value.response, dict)
    assert refused.value.response["code"] == "invalid_field"
    with pytest.raises(EventValidationError, match="id must be a UUID whose time is"):
        client.track_event("c", "event_a", timestamp=datetime(1999, 1, 1, tzinfo=timezone.utc))


def test_an_event_that_is_too_large_is_refused_at_once(client: EventClient) -> None:
    with pytest.raises(EventSDKError) as refused:
        client.track_event("c", "event_a", input="x" * (2 << 20))
    assert refused.value.status_code == 413
