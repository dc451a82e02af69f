"""From `redis_events` by a real Redis and the bridge into the table."""

from __future__ import annotations

import json
import re
import urllib.request
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from event_client import EventClient
from installation import Installation, until
from redis_events import Event, EventPublisher
from redis_server import RedisServer
from test_redis_publisher import NO_TIMES, TIMES, UNSET, timed_id
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


# What others might send as an event's time, id, type and data, beside what else must be there.
MEMBERS: list[dict[str, Any]] = [
    *({"timestamp": sent} for sent, _ in TIMES),
    *({"timestamp": sent, "recorded_at": "2026-11-20T21:57:13.123456Z"} for sent in UNSET),
    *({"occurred_at": sent, "recorded_at": "2026-11-20T21:57:13.123456Z"} for sent in NO_TIMES),
    {"event_id": timed_id(datetime.now(timezone.utc) - timedelta(hours=1))},
    {"event_id": timed_id(datetime.now(timezone.utc) - timedelta(hours=2), version=8)},
    {"event_type": "events.shop.OrderCreated", "timestamp": 1_795_211_833},
    {"event_type": "Heartbeat", "timestamp": 1_795_211_833},
    {"event_type": "", "timestamp": 1_795_211_833},
    {"event_type": 7, "timestamp": 1_795_211_833},
    {"event_id": True, "timestamp": 1_795_211_833},
    {"user_id": {}, "timestamp": 1_795_211_833},
    {"user_id": 7, "data": '{"a": 1}', "timestamp": 1_795_211_833},
    {"data": {"a": float("nan")}, "timestamp": 1_795_211_833},
]


def counted(bridged: Installation, fate: str) -> int:
    """How many messages have met this fate in the bridge."""
    with urllib.request.urlopen(f"{bridged.url}/metrics") as answer:
        metrics = answer.read().decode()
    (count,) = re.findall(rf'^millrace_redis_messages_total\{{fate="{fate}"\}} (\d+)$', metrics, re.MULTILINE)
    return int(count)


def publish(redis_server: RedisServer, way: str, *payloads: str | bytes) -> int:
    """Publishes by the channel and the stream, as far as the bridge reads them; returns how many it gets."""
    with redis_server.client() as client:
        for payload in payloads:
            if way != "stream":
                client.publish("events:a:b", payload)
            if way != "channels":
                client.xadd(STREAM, {"event": payload})
    return len(payloads) * (2 if way == "both" else 1)


@pytest.fixture
def way(request: pytest.FixtureRequest) -> str:
    """How `bridged` takes events."""
    name: str = request.node.callspec.params["bridged"]
    return name


def test_what_others_publish_is_the_same_to_a_program_and_to_the_bridge(
    bridged: Installation, redis_server: RedisServer, tenant: str, session: str, way: str
) -> None:
    before = counted(bridged, "dead_letter")
    events: list[Event] = []
    refused = 0
    for number, members in enumerate(MEMBERS):
        envelope = {"event_type": "a.b", "event_id": f"e-{number}", "tenant_id": tenant}
        payload = json.dumps({**envelope, "metadata": {"session_id": session}, **members})
        times = publish(redis_server, way, payload)
        try:
            events.append(Event.from_json(payload))
        except ValueError:
            refused += times
    until("as many are refused", lambda: counted(bridged, "dead_letter") >= before + refused)
    rows = kept(bridged, tenant, session, *events)
    assert counted(bridged, "dead_letter") == before + refused
    shown = [
        (row["message_id"], row["event_name"], row["created_at"], row["user_id"], row["properties"])
        for row in rows
    ]
    assert sorted(shown, key=str) == sorted(
        (
            (
                event.event_id,
                event.event_type,
                event.timestamp.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
                event.user_id or "",
                event.data,
            )
            for event in events
        ),
        key=str,
    )


def test_an_event_without_an_id_is_the_same_when_a_program_passes_it_on(
    bridged: Installation, redis_server: RedisServer, tenant: str, session: str, way: str
) -> None:
    members = {"event_type": "a.b", "tenant_id": tenant, "metadata": {"session_id": session}, "ü": 1}
    payload = json.dumps({**members, "timestamp": "2026-11-20T21:57:13.123Z"}, ensure_ascii=False)
    before = counted(bridged, "produced")
    times = publish(redis_server, way, payload, Event.from_json(payload).to_json())
    until("all are on the topic", lambda: counted(bridged, "produced") >= before + times)
    bridged.catch_up()
    with EventClient(bridged.url, tenant=tenant) as client:
        assert len(client.get_events_by_conversation(session)) == 1
