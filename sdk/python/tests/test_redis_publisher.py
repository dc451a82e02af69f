"""What is published to Redis, and what is refused before."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import uuid
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
import redis

from installation import PATIENCE, until
from redis_events import AsyncEventPublisher, Event, EventPublisher
from redis_server import RedisServer


class Colour(Enum):
    RED = "red"


AT = datetime(2026, 11, 20, 21, 57, 13, 123_456, tzinfo=timezone.utc)


# What is read as a time, by the bridge too: as what it is sent, and when that is.
TIMES: list[tuple[object, datetime]] = [
    ("2026-11-20T21:57:13.123456Z", AT),
    ("2026-11-20 22:57:13.123456789+01:00", AT),
    ("2026-11-20T21:57:13.123456", AT),
    ("2026-11-20t21:57:13.123456789012Z", AT),
    ("2026-11-20_21:57:13.123456Z", AT),
    ("2026-11-20T21:57:13.1z", AT.replace(microsecond=100_000)),
    ("2026-11-20T21:57:13-02:00", AT.replace(hour=23, microsecond=0)),
    (1_795_211_833, AT.replace(microsecond=0)),
    (1_795_211_833_123, AT.replace(microsecond=123_000)),
    (1_795_211_833.5, AT.replace(microsecond=500_000)),
    ("1795211833", AT.replace(microsecond=0)),
    ("1795211833123", AT.replace(microsecond=123_000)),
    ("1795211833.123", AT.replace(microsecond=123_000)),
    ("+1.7952118335e9", AT.replace(microsecond=500_000)),
]
UNSET = [None, "", "0001-01-01T00:00:00", "0001-01-01T00:00:00.000Z", "0001-01-01T00:00:00+01:00"]
NO_TIMES: list[object] = [
    "2026-13-20T21:57:13Z", "2026-11-20T24:00:00Z", "2026-11-20T21:57:13+24:00", "2026-11-20T21:57:13+01:60",
    "2026-11-20T21:57:13Z\n", "2026-11-20T21:57:13.Z", "2026-11-20", "soon", "0001-01-01T00:00:00.1Z",
    "1969-12-31T23:59:59Z", "2300-01-01T00:00:00Z", " 1795211833", "1_795_211_833", "١٧٩٥٢١١٨٣٣", "nan",
    "inf", "1e400", "-1", -1, 1e300, 10**400, True, [], {},
]  # fmt: skip


def timed_id(moment: datetime, version: int = 7) -> str:
    """A UUID that begins with this time."""
    millis = (moment - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(milliseconds=1)
    return str(uuid.UUID(int=millis << 80 | version << 76 | 0b10 << 62))


def received(server: RedisServer, category: str, publish: Any) -> list[tuple[str, dict[str, Any]]]:
    """What a subscriber gets of what is published: channels and envelopes."""
    with server.client() as client, client.pubsub() as subscription:
        subscription.psubscribe(f"events:{category}:*")
        # Redis has it from here on. Subscriptions of others say nothing of this one.
        assert subscription.get_message(timeout=PATIENCE)["type"] == "psubscribe"
        publish()
        client.publish(f"events:{category}:end", "{}")
        got: list[tuple[str, dict[str, Any]]] = []
        for message in subscription.listen():
            if message["channel"] == f"events:{category}:end":
                return got
            got.append((message["channel"], json.loads(message["data"])))
    raise AssertionError


def test_an_event_is_published_as_the_envelope_on_the_channel_of_its_type(
    redis_server: RedisServer, category: str
) -> None:
    def publish() -> None:
        with EventPublisher(redis_server.url) as publisher:
            publisher.publish(
                f"{category}.created",
                "shop-1",
                {
                    "total": Decimal("19.90"),
                    "exact": Decimal("12345678901234567890.1234"),
                    "round": Decimal("1E+2"),
                    "at": AT,
                    "naive": datetime(2026, 11, 20, 21, 57),  # noqa: DTZ001
                    "elsewhere": datetime(2026, 11, 20, 1, tzinfo=timezone(timedelta(hours=2))),
                    "day": date(2026, 11, 20),
                    "id": uuid.UUID(int=7),
                    "colour": Colour.RED,
                    "list": (1, 2.5, None, True, "ü"),
                },
                user_id=7,
                metadata={"session_id": "s-1", "response_time_ms": 12.5},
                event_id="e-1",
                timestamp=AT,
            )

    assert received(redis_server, category, publish) == [
        (
            f"events:{category}:created",
            {
                "event_id": "e-1",
                "event_type": f"{category}.created",
                "tenant_id": "shop-1",
                "user_id": "7",
                "timestamp": "2026-11-20T21:57:13.123456Z",
                "data": {
                    "total": "19.90",
                    "exact": "12345678901234567890.1234",
                    "round": "100",
                    "at": "2026-11-20T21:57:13.123456Z",
                    "naive": "2026-11-20T21:57:00.000000Z",
                    "elsewhere": "2026-11-19T23:00:00.000000Z",
                    "day": "2026-11-20",
                    "id": "00000000-0000-0000-0000-000000000007",
                    "colour": "red",
                    "list": [1, 2.5, None, True, "ü"],
                },
                "metadata": {"session_id": "s-1", "response_time_ms": 12.5},
            },
        )
    ]


def test_an_event_that_is_sent_again_is_the_same(redis_server: RedisServer, category: str) -> None:
    data = {"items": [1]}
    event = Event.new(f"{category}.item.added", "t", data)
    data["items"].append(2)

    def publish() -> None:
        with EventPublisher(redis_server.url) as publisher:
            assert publisher.send(event) == 1
            publisher.send(event)

    (first, second) = received(redis_server, category, publish)
    assert first == second
    assert first[0] == f"events:{category}:item.added"
    assert first[1]["data"] == {"items": [1]}
    assert uuid.UUID(first[1]["event_id"]).version == 4
    assert Event.from_json(json.dumps(first[1])) == event


def test_a_stream_keeps_what_nobody_listens_to(redis_server: RedisServer, category: str) -> None:
    with redis_server.client() as client:
        with EventPublisher(redis_server.url, stream=category) as publisher:
            event = publisher.publish(f"{category}.created", "t", {})
            assert publisher.send(event) == 0
        kept = [fields for _, fields in client.xrange(category)]
        assert kept == [{"event": event.to_json().decode()}] * 2

        with EventPublisher(redis_server.url, stream=category, stream_max_length=100) as publisher:
            for _ in range(300):
                publisher.send(event)
        assert 100 <= client.xlen(category) < 250


def test_the_twin_for_asyncio_does_the_same(redis_server: RedisServer, category: str) -> None:
    events: list[Event] = []

    async def run() -> None:
        async with AsyncEventPublisher(redis_server.url, stream=category) as publisher:
            event = await publisher.publish(
                f"{category}.created", "t", {"n": 1}, "u", {"m": 2}, event_id="e", timestamp=AT
            )
            assert await publisher.send(event) == 1
            many = (publisher.publish(f"{category}.created", "t", {"n": n}) for n in range(1_000))
            events.extend([event, event, *await asyncio.gather(*many)])

    got = received(redis_server, category, lambda: asyncio.run(run()))
    wire = [json.loads(event.to_json()) for event in events]
    assert [envelope for _, envelope in got[:2]] == wire[:2]
    by_id = sorted(wire[2:], key=lambda envelope: str(envelope["event_id"]))
    assert sorted((envelope for _, envelope in got[2:]), key=lambda envelope: envelope["event_id"]) == by_id
    with redis_server.client() as client:
        assert client.xlen(category) == len(events)


def test_threads_share_a_publisher(redis_server: RedisServer, category: str) -> None:
    def publish() -> None:
        with EventPublisher(redis_server.url) as publisher:
            threads = [
                threading.Thread(
                    target=lambda: [publisher.publish(f"{category}.created", "t", {}) for _ in range(50)]
                )
                for _ in range(8)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    got = received(redis_server, category, publish)
    assert len({envelope["event_id"] for _, envelope in got}) == len(got) == 400


def test_a_server_that_was_started_again_is_found_again(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server, EventPublisher(server.url, stream="kept") as publisher:
        event = publisher.publish("order.created", "t", {})
        server.kill()
        with pytest.raises(redis.RedisError):
            publisher.send(event)
        server.start()
        publisher.send(event)
        with server.client() as client:
            assert [fields["event"] for _, fields in client.xrange("kept")] == [event.to_json().decode()]


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_lost_answer_is_asked_for_again(
    redis_server: RedisServer, category: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("redis_events._RETRIES", 1_000)
    event = Event.new(f"{category}.created", "t", {})

    async def send_async() -> None:
        async with AsyncEventPublisher(redis_server.url, stream=category, timeout=0.2) as publisher:
            await publisher.send(event)

    def send() -> None:
        if kind == "async":
            return asyncio.run(send_async())
        with EventPublisher(redis_server.url, stream=category, timeout=0.2) as publisher:
            publisher.send(event)
        return None

    with redis_server.client() as client:

        def connections() -> int:
            return int(client.info("stats")["total_connections_received"])

        before = connections()
        client.client_pause(60_000, all=False)
        sender = threading.Thread(target=send)
        sender.start()
        try:
            until("it is tried again", lambda: connections() >= before + 2)
        finally:
            client.client_unpause()
            sender.join()
        assert {fields["event"] for _, fields in client.xrange(category)} == {event.to_json().decode()}


def test_answers_that_stay_lost_are_an_error_after_four_attempts(redis_server: RedisServer) -> None:
    with redis_server.client() as client, EventPublisher(redis_server.url, timeout=0.2) as publisher:
        before = client.info("stats")["total_connections_received"]
        client.client_pause(60_000, all=False)
        try:
            with pytest.raises(redis.TimeoutError):
                publisher.publish("order.created", "t", {})
        finally:
            client.client_unpause()
        assert client.info("stats")["total_connections_received"] >= before + 4


def test_times_without_a_zone_are_utc_wherever_the_program_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        naive = AT.replace(tzinfo=None)
        event = Event.new("order.created", "t", {"at": naive}, timestamp=naive)
        assert (event.timestamp, event.data) == (AT, {"at": "2026-11-20T21:57:13.123456Z"})
    time.tzset()


def test_a_publisher_for_asyncio_may_be_made_before_the_event_loop(redis_server: RedisServer) -> None:
    publisher = AsyncEventPublisher(redis_server.url)
    event = Event.new("order.created", "t", {})

    async def run() -> None:
        await asyncio.gather(*(publisher.send(event) for _ in range(100)))
        await publisher.close()

    for _ in range(2):
        asyncio.run(run())


@pytest.mark.parametrize(
    ("fields", "error", "reason"),
    [
        ({"event_type": "order"}, ValueError, "event_type must be `category.action`, not 'order'"),
        ({"event_type": "order."}, ValueError, "event_type"),
        ({"event_type": "order created.x"}, ValueError, "event_type"),
        ({"event_type": "a." + "x" * 127}, ValueError, "event_type"),
        ({"event_type": None}, ValueError, "event_type"),
        ({"tenant_id": ""}, ValueError, "tenant_id"),
        ({"tenant_id": "x" * 65}, ValueError, "tenant_id"),
        ({"tenant_id": 7}, ValueError, "tenant_id"),
        ({"user_id": ""}, ValueError, "user_id must have 1 to 1024 bytes"),
        ({"user_id": 1.5}, TypeError, "user_id must be a text, a number or a UUID, not float"),
        ({"event_id": "x" * 1_025}, ValueError, "event_id"),
        ({"event_id": True}, TypeError, "event_id"),
        ({"timestamp": "2026-11-20"}, TypeError, "timestamp must be a datetime, not str"),
        (
            {"timestamp": datetime.max.replace(tzinfo=timezone(timedelta(hours=-1)))},
            ValueError,
            "the years 1 to 9999",
        ),
        ({"data": [1]}, TypeError, "data must be a mapping, not list"),
        ({"data": None}, TypeError, "data must be a mapping, not NoneType"),
        ({"metadata": "x"}, TypeError, "metadata must be a mapping, not str"),
        ({"data": {"a": [{"b": {1}}]}}, TypeError, r"data\.a\[0\]\.b: set has no JSON form"),
        ({"data": {"a": {1: 2}}}, TypeError, r"the names in data\.a must be texts"),
        ({"data": {"a": float("nan")}}, ValueError, r"data\.a: nan is no number"),
        ({"data": {"a": Decimal("NaN")}}, ValueError, r"data\.a: NaN is no number"),
        ({"metadata": {"a": Decimal("-Infinity")}}, ValueError, r"metadata\.a: -Infinity is no number"),
        ({"data": {"a": "\ud800"}}, ValueError, r"data\.a: it has half of a surrogate pair"),
        ({"data": {"a": {"\ud800": 1}}}, ValueError, r"a name in data\.a: it has half of a surrogate pair"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_sent(
    fields: dict[str, Any], error: type[Exception], reason: str
) -> None:
    good: dict[str, Any] = {"event_type": "order.created", "tenant_id": "t", "data": {}}
    assert Event.new(**good).user_id is None
    with pytest.raises(error, match=reason):
        Event.new(**{**good, **fields})


def test_a_url_of_something_else_is_an_error_at_once() -> None:
    with pytest.raises(ValueError, match="redis://"):
        EventPublisher("http://localhost:6379")
    with pytest.raises(ValueError, match="redis://"):
        AsyncEventPublisher("http://localhost:6379")


def read(**envelope: Any) -> Event:
    return Event.from_json(json.dumps({"event_type": "a.b", **envelope}))


@pytest.mark.parametrize(("sent", "moment"), TIMES)
def test_times_of_others_are_read(sent: object, moment: datetime) -> None:
    assert read(timestamp=sent).timestamp == moment
    assert read(timestamp=sent).timestamp.tzinfo is timezone.utc


@pytest.mark.parametrize("sent", NO_TIMES, ids=repr)
def test_what_is_no_time_is_refused(sent: object) -> None:
    with pytest.raises(ValueError, match=r"occurred_at must be a time such as 2026-11-20T21:57:13\.123Z"):
        read(timestamp=None, occurred_at=sent, recorded_at="2026-11-20T21:57:13.123456Z")


@pytest.mark.parametrize("unset", UNSET, ids=repr)
def test_a_time_that_nobody_has_set_is_as_if_absent(unset: str | None) -> None:
    moment = "2026-11-20T21:57:13.123456Z"
    assert read(timestamp=unset, recorded_at=moment).timestamp == AT
    before = datetime.now(timezone.utc)
    assert before <= read(timestamp=unset).timestamp <= datetime.now(timezone.utc)


def test_an_event_without_a_time_has_that_of_its_id_or_of_when_it_came() -> None:
    payload = json.dumps({"event_type": "a.b", "event_id": "e-1"})
    assert Event.from_json(payload, at=AT) == Event.from_json(payload.encode(), at=AT)
    assert Event.from_json(payload, at=AT).timestamp == AT
    assert Event.from_json(payload, at=AT.replace(tzinfo=None)).timestamp == AT
    now = datetime.now(timezone.utc)
    for version in (7, 8):
        recent = timed_id(now - timedelta(hours=1), version)
        hour_ago = (now - timedelta(hours=1)).replace(microsecond=now.microsecond // 1_000 * 1_000)
        assert read(event_id=recent).timestamp == read(id=recent.upper()).timestamp == hour_ago
        assert read(event_id=recent, timestamp="2026-11-20T21:57:13.123456Z").timestamp == AT
    for other in (
        timed_id(now - timedelta(days=3_651)), timed_id(now + timedelta(days=1, hours=1)),
        timed_id(now, 4), recent.replace("-", ""), "ffffffff-ffff-7fff-bfff-ffffffffffff",
    ):  # fmt: skip
        payload = json.dumps({"event_type": "a.b", "event_id": other})
        assert Event.from_json(payload, at=AT).timestamp == AT


def test_an_event_without_an_id_has_the_hash_of_its_payload() -> None:
    payload = '{"event_type":"a.b","event_id":"","id":null,"x":"ü"}'
    event = Event.from_json(payload)
    assert event.event_id == "ddbdfe407d8412c120404051471088438391eff8051b0847ff2aaea6299f2cff"
    assert Event.from_json(payload.encode()).event_id == event.event_id
    assert Event.from_json(payload + " ").event_id != event.event_id
    assert Event.from_json(event.to_json()) == event


def test_an_event_of_others_may_say_little() -> None:
    for sent in ({}, {"tenant_id": None}, {"tenant_id": "", "context": "x", "data": [1], "metadata": "x"}):
        event = read(event_id=7, user_id=7, **sent)
        assert (event.event_id, event.user_id, event.tenant_id) == ("7", "7", "default")
        assert (event.data, event.metadata) == ({}, {})
    assert read(user_id="").user_id is None
    assert read(id=1.5, tenant_id=42).event_id == "1.5"
    assert read(data='{"a": 1}').data == {"a": 1}
    assert (read(data="[1]").data, read(data="{").data) == ({}, {})


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"{", b"[]", b"null", b"\xff", '{"event_type":"a.b"}'.encode("utf-16"), b"[" * 100_000,
        b"{}", b'{"event_type":1}', b'{"event_type":""}',
        *[
            b'{"event_type":"a.b",' + members + b"}"
            for members in (
                b'"event_id":true', b'"event_id":[]', b'"id":{}', b'"event_id":"' + b"x" * 1_025 + b'"',
                b'"tenant_id":"no such"', b'"tenant_id":[]', b'"user_id":false', b'"metadata":{"user_id":[]}',
                b'"data":{"a":NaN}', b'"data":{"a":1e999}', b'"metadata":{"a":"\\ud800"}',
                b'"data":{"\\ud800":1}', b'"data":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
            )
        ],
    ],
    ids=lambda payload: str(payload[:40]),
)  # fmt: skip
def test_what_is_no_event_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Event.from_json(payload)


@pytest.mark.parametrize(
    ("sent", "event_type"),
    [
        ("UserCreated", "user.created"),
        ("events.user.UserCreated", "user.created"),
        ("events.UserCreated", "user.created"),
        ("events.user.created", "user.created"),
        ("events.billing.PaymentFailed", "payment.failed"),
        ("user.UserLoggedIn", "user.logged_in"),
        ("User.Created", "user.created"),
        ("events.user.Created", "user.created"),
        ("InventoryOutOfStock", "inventory.out_of_stock"),
        ("SKUAdded", "sku.added"),
        ("Order2Shipped", "order2.shipped"),
        ("UserAPIKeyCreated", "user.api_key_created"),
        ("Heartbeat", "heartbeat"),
        *[
            (same, same)
            for same in (
                "user.created", "user_created", "userCreated", "USER.CREATED", "User_Created", "User Created",
                "Überweisung", "events.", "events", ".", "user.",
            )
        ],
    ],
)  # fmt: skip
def test_types_of_domain_events_are_those_of_the_bridge(sent: str, event_type: str) -> None:
    assert read(event_type=sent).event_type == event_type


@pytest.mark.parametrize(
    "sent", ["OrderCreated", "events.order.OrderCreated", "Order.Created", "order.created"]
)
def test_an_event_is_made_with_the_type_that_it_is_read_with(sent: str) -> None:
    event = Event.new(sent, "t", {})
    assert (event.event_type, event.channel) == ("order.created", "events:order:created")
    assert Event.from_json(event.to_json()) == event


@pytest.mark.parametrize(
    ("event_type", "channel"),
    [
        ("order.created", "events:order:created"),
        ("user.password.reset", "events:user:password.reset"),
        ("heartbeat", "events:heartbeat"),
    ],
)
def test_the_channel_is_that_on_which_millrace_publishes_such_a_type(event_type: str, channel: str) -> None:
    assert read(event_type=event_type).channel == channel


def test_a_domain_event_is_read() -> None:
    event = read(
        id="e-1",
        aggregate_id="o-1",
        data={"total": 1},
        metadata={"user_id": "u-1"},
        context={"business_context": {"tenant_id": "shop-1"}},
        occurred_at="2026-11-20T21:57:13.123456Z",
        recorded_at="2026-11-20T21:57:14Z",
    )
    assert event == Event("e-1", "a.b", "shop-1", "u-1", AT, {"total": 1}, {"user_id": "u-1"})
