"""Many events in one request, against a running Millrace."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from event_client import EventClient, EventSDKError, EventUnavailableError
from scripted_server import ScriptedServer, reply


def event(**fields: Any) -> dict[str, Any]:
    return {"conversation_id": "c", "event_name": "event_a", **fields}


def test_what_is_wrong_with_one_event_costs_only_that_one(client: EventClient) -> None:
    results = client.track_events(
        [
            event(input="1"),
            {"event_name": "event_a"},
            event(event_name="other"),
            event(latency=float("nan")),
            event(properties={"a set": {1}}),
            event(timestamp="yesterday"),
            "no mapping",  # type: ignore[list-item]
            event(input="2", timestamp=datetime.now(timezone.utc) + timedelta(hours=1)),
        ],
        wait=True,
    )
    assert results[1] == {"error": "conversation_id is required", "code": "missing_field"}
    assert results[2]["error"] == "event_name must be one of: event_a, event_b, event_c"
    assert [result["code"] for result in results[3:7]] == ["invalid_field"] * 4
    kept = client.get_events_by_conversation("c")
    assert [(row["input"], row["id"]) for row in kept] == [("1", results[0]["id"]), ("2", results[7]["id"])]


def test_a_batch_with_nothing_right_in_it_has_results_too(client: EventClient) -> None:
    assert client.track_events([{"event_name": "event_a"}]) == [
        {"error": "conversation_id is required", "code": "missing_field"}
    ]
    assert client.track_events([event(latency=float("inf"))])[0]["code"] == "invalid_field"
    assert client.track_events([event(id="")])[0]["code"] == "invalid_field"
    assert client.track_events([]) == []


def test_ids_of_a_batch_can_be_given(client: EventClient) -> None:
    (first,) = client.track_events([event(input="first")], wait=True)
    (again,) = client.track_events([event(input="again", id=first["id"])], wait=True)
    assert again == first
    assert [row["input"] for row in client.get_events_by_conversation("c")] == ["first"]


def test_a_batch_that_is_too_large_is_an_error(client: EventClient) -> None:
    with pytest.raises(EventSDKError, match="a batch holds at most 5000 events") as refused:
        client.track_events([event()] * 5_001)
    assert refused.value.status_code == 413


def test_results_of_a_batch_that_could_not_be_taken_in_whole_are_with_the_error() -> None:
    results = [{"id": "x"}, {"error": "writes are unavailable at the moment", "code": "unavailable"}]
    answer = {"success": False, "error": "not all", "code": "unavailable", "data": {"results": results}}
    with ScriptedServer(reply(answer, 503)) as server, EventClient(server.url, retry_delay=0.0) as client:
        with pytest.raises(EventUnavailableError) as failed:
            client.track_events([event(), event()])
        assert failed.value.response == answer
        assert len(server.requests) == 3
        assert len({request.body for request in server.requests}) == 1


@pytest.mark.parametrize(
    "answer",
    [
        {"success": True},
        {"data": {"results": [{"id": "x"}]}},
        {"data": {"results": ["x", "y"]}},
        {"data": []},
    ],
)
def test_an_answer_that_does_not_tell_of_each_event_is_an_error(answer: object) -> None:
    with (
        ScriptedServer(reply(answer, 202)) as server,
        EventClient(server.url) as client,
        pytest.raises(EventSDKError, match="does not tell what became of each event"),
    ):
        client.track_events([event(), event()])
