"""From `redis_events` by a real Redis and the bridge into the table."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from event_client import EventClient
from installation import Installation, until
from redis_events import Event, EventPublisher
from redis_server import RedisServer
from test_typed_events import EXAMPLES, UNKNOWN

STREAM = "millrace"
# What the bridge is told to read.
WAYS: dict[str, dict[str, str]] = {
    "channels": {},
    "stream": {"REDIS_PATTERNS": "none", "REDIS_STREAMS": STREAM},
    "both": {"REDIS_STREAMS": STREAM},
}


@pytest.fixture(scope="module", params=WAYS)
def bridged(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, redis_server: RedisServer
) -> Iterator[Installation]:
    """One that takes events from channels, from a stream, or from both."""
    settings = {"REDIS_URL": redis_server.url, **WAYS[request.param]}
    running = Installation(tmp_path_factory.mktemp("bridged"), settings=settings)
    if request.param != "stream":
        with redis_server.client() as client:
            until("the bridge is subscribed", lambda: client.pubsub_numpat() >= 2)
    yield running
    running.stop()


@pytest.fixture
def session() -> str:
    return f"visit-{uuid.uuid4()}"


def kept(bridged: Installation, tenant: str, session: str, *published: Event) -> list[dict[str, Any]]:
    """The events of a session, oldest first, once all that were published can be read."""
    ids = {event.event_id for event in published}
    with EventClient(bridged.url, tenant=tenant) as client:

        def events() -> list[dict[str, Any]]:
            return client.get_events_by_conversation(session)

        until("all are kept", lambda: ids <= {event["message_id"] for event in events()})
        return events()


def test_every_typed_event_is_kept_as_it_was_published(
    bridged: Installation, redis_server: RedisServer, tenant: str, session: str
) -> None:
    with EventPublisher(redis_server.url, stream=STREAM) as publisher:
        published = [
            publisher.publish(
                event["event_type"], tenant, event["data"], event.get("user_id"), {"session_id": session}
            )
            for event in [*EXAMPLES, UNKNOWN]
        ]
    rows = kept(bridged, tenant, session, *published)
    assert len(rows) == len(published)
    by_id = {row["message_id"]: row for row in rows}
    for event in published:
        row = by_id[event.event_id]
        assert (row["event_name"], row["properties"]) == (event.event_type, event.data)
        assert row["user_id"] == (event.user_id or "")
        assert row["error"] == event.data.get("error_code", "")


def test_an_event_that_is_published_again_is_kept_once_with_all_it_says(
    bridged: Installation, redis_server: RedisServer, tenant: str, session: str
) -> None:
    event = Event.new(
        "order.created",
        tenant,
        {"order_id": "o-1", "total_amount": Decimal("12345678901234567890.1234"), "at": "ü"},
        7,
        {"session_id": session, "response_time_ms": 12.5, "request_id": "r-1"},
        timestamp=datetime(2026, 11, 20, 21, 57, 13, 123_456, tzinfo=timezone.utc),
    )
    end = Event.new("order.updated", tenant, {}, metadata={"session_id": session})
    with EventPublisher(redis_server.url) as channel:
        channel.send(event)
    with EventPublisher(redis_server.url, stream=STREAM) as stream:
        stream.send(event)
        stream.send(event)
        stream.send(end)
    first, second = kept(bridged, tenant, session, event, end)
    assert second["event_name"] == "order.updated"
    assert (first["message_id"], first["created_at"]) == (event.event_id, "2026-11-20T21:57:13.123Z")
    assert first["properties"] == {
        "order_id": "o-1",
        "total_amount": "12345678901234567890.1234",
        "at": "ü",
    }
    assert (first["user_id"], first["latency"]) == ("7", 12.5)
