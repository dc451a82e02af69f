"""Reads and analytics, mostly against a running Millrace."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from event_client import EventClient, EventNotFoundError, EventValidationError
from installation import Installation
from scripted_server import ScriptedServer, raw, reply

UNKNOWN_ID = "019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5b"


@pytest.mark.parametrize("event_id", [UNKNOWN_ID, "nonsense", "a/b", "..", "?", "ü"])
def test_an_unknown_event_is_none(client: EventClient, event_id: str) -> None:
    assert client.get_event(event_id) is None


def test_an_event_is_only_unknown_if_millrace_says_so() -> None:
    unknown = b'{"success":false,"error":"event not found","code":"not_found"}'
    acts = raw(b"HTTP/1.0 404 No\r\n\r\n" + unknown), reply(b"<html>", 404), reply({"error": "no page"}, 404)
    with ScriptedServer(*acts) as server, EventClient(server.url) as client:
        assert client.get_event("id") is None
        for response in ("<html>", {"error": "no page"}):
            with pytest.raises(EventNotFoundError) as elsewhere:
                client.get_event("id")
            assert elsewhere.value.response == response


def test_a_conversation_is_read_to_its_end(client: EventClient) -> None:
    sent = [{"conversation_id": "long", "event_name": "event_a", "input": str(n)} for n in range(2_500)]
    results = client.track_events(sent, wait=True)
    events = client.get_events_by_conversation("long")
    assert [event["input"] for event in events] == [event["input"] for event in sent]
    assert [event["id"] for event in events] == [result["id"] for result in results]


@pytest.mark.parametrize("conversation_id", ["a/b", "..", ".", "?x=1&y", "#", "%2F", "a b+c", "日本", "\n"])
def test_any_text_names_a_conversation(client: EventClient, conversation_id: str) -> None:
    event_id = client.track_event(conversation_id, "event_a", wait=True)
    assert [event["id"] for event in client.get_events_by_conversation(conversation_id)] == [event_id]


def test_embeddings_can_be_left_out(client: EventClient) -> None:
    client.track_event("c", "event_a", input_embeddings=[1.0], wait=True)
    assert client.get_events_by_conversation("c")[0]["input_embeddings"] == [1.0]
    assert "input_embeddings" not in client.get_events_by_conversation("c", include_embeddings=False)[0]


def test_analytics_of_nothing_are_empty_lists(client: EventClient) -> None:
    assert client.get_events_by_conversation("none") == []
    assert client.get_error_counts("event_a") == []
    assert client.get_latency_stats() == []
    assert client.get_top_error_sessions() == []


def test_analytics_count_what_was_tracked(client: EventClient) -> None:
    client.track_events(
        [
            {"conversation_id": "slow", "event_name": "event_a", "latency": 900.0, "error": "timeout"},
            {"conversation_id": "slow", "event_name": "event_a", "latency": 900.0},
            {"conversation_id": "fast", "event_name": "event_a", "latency": 10.0},
        ],
        wait=True,
    )
    today = datetime.now(timezone.utc).date().isoformat()
    counts = client.get_error_counts("event_a", days=1)
    assert counts == [{"date": today, "event_name": "event_a", "error_count": 1, "total_count": 3}]
    assert client.get_error_counts("any_name") == []
    stats = client.get_latency_stats(limit=1)
    assert [(row["conversation_id"], row["p95_latency"]) for row in stats] == [("slow", 900.0)]
    sessions = client.get_top_error_sessions(1, days=2, min_events=2)
    assert sessions == [{"conversation_id": "slow", "total_events": 2, "error_events": 1, "error_rate": 0.5}]


def test_wrong_parameters_are_validation_errors(client: EventClient) -> None:
    with pytest.raises(EventValidationError, match="days must be a positive integer"):
        client.get_error_counts("event_a", days=0)
    with pytest.raises(EventValidationError, match="limit must be a positive integer"):
        client.get_latency_stats(limit=-1)
    with pytest.raises(EventValidationError, match="limit must be a positive integer"):
        client.get_top_error_sessions(limit=0)


def test_tenants_do_not_see_each_other(millrace: Installation, client: EventClient) -> None:
    event_id = client.track_event("c", "event_a", wait=True)
    with EventClient(millrace.url, tenant="someone-else") as other:
        assert other.get_event(event_id) is None
