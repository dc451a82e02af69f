"""The questions of the client, about the shop of the documentation."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timezone
from typing import Any

import pytest

from event_client import EventClient, EventSDKError, EventUnavailableError, EventValidationError
from installation import ROOT, Installation

WHEN: dict[str, Any] = {"start": date(2026, 10, 23), "end": date(2026, 10, 27), "timezone": "Europe/Berlin"}


def named(name: str) -> list[dict[str, object]]:
    return [{"field": "event_name", "op": "is", "values": [name]}]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EventClient]:
    running = Installation(tmp_path_factory.mktemp("shop"), settings={"EVENT_NAMES": "*"})
    events = (ROOT / "docs" / "examples" / "shop.json").read_bytes()
    urllib.request.urlopen(f"{running.url}/events?wait=30s", events).close()
    with EventClient(running.url) as client:
        yield client
    running.stop()


def test_metrics_over_time(shop: EventClient) -> None:
    data = shop.query(["events", {"distinct": "properties.order_id"}], interval="day", **WHEN)
    assert [bucket["start"][:10] for bucket in data["buckets"]] == [f"2026-10-{day}" for day in range(23, 27)]
    assert [(series["metric"], series["total"]) for series in data["series"]] == [
        ("events", 19),
        ("distinct(properties.order_id)", 3),
    ]
    divided = shop.query(["events"], filters=named("question"), breakdown={"field": "user"}, **WHEN)
    assert [(series["key"], series["total"]) for series in divided["series"]] == [
        ("ada", 2),
        ("dora", 2),
        ("bob", 1),
    ]
    instant = datetime(2026, 10, 26, 8, tzinfo=timezone.utc)
    later = shop.query(["events"], start=instant, end=date(2026, 10, 27), compare="same_weekday")
    assert (later["series"][0]["total"], later["compare"][0]["total"]) == (2, 0)


def test_a_funnel(shop: EventClient) -> None:
    names = ["user.registered", "order.created", "payment.processed"]
    data = shop.funnel([{"name": name, "filters": named(name)} for name in names], "7d", **WHEN)
    assert [step["users"] for step in data["steps"]] == [3, 3, 2]
    steps = [{"name": name, "filters": named(name)} for name in names]
    through = shop.get_funnel_users(steps, 3, window="7d", **WHEN)
    (left,) = shop.get_funnel_users(steps, 3, "dropped", **WHEN)
    assert (sorted(user["user"] for user in through), left["user"]) == (["ada", "bob"], "cleo")
    assert shop.get_funnel_users(steps, 3, window="1ms", **WHEN) == []


def test_retention(shop: EventClient) -> None:
    data = shop.retention(named("user.registered"), periods=2, **WHEN)
    cohorts = {cohort["cohort"]: (cohort["size"], cohort["returned"]) for cohort in data["cohorts"]}
    # On the days after the 23rd ada came on the 24th alone, bob on the 25th.
    assert cohorts == {"2026-10-23": (2, [2, 1, 1]), "2026-10-24": (1, [1, 1, 0])}

    def users(cohort: str, returned_in: int | None = None) -> list[str]:
        options = {"start_filters": named("user.registered"), "periods": 2, **WHEN}
        return sorted(user["user"] for user in shop.get_retention_users(cohort, returned_in, **options))

    assert (users("2026-10-23"), users("2026-10-23", 1), users("2026-10-23", 2)) == (
        ["ada", "bob"],
        ["ada"],
        ["bob"],
    )


def test_paths(shop: EventClient) -> None:
    data = shop.paths(named("order.created"), steps=1, **WHEN)
    assert data["sessions"] == 3
    following = {link["to"]: link["sessions"] for link in data["links"]}
    assert following == {"payment.processed": 2, "order.cancelled": 1}


def test_lists(shop: EventClient) -> None:
    (newest, *_) = shop.get_events(named("question"), limit=2, **WHEN)
    assert newest["input"] == "My mug is broken"
    assert "properties" in shop.get_events(named("order.created"), full=True, **WHEN)[0]
    assert [user["user"] for user in shop.get_users(order="events", limit=2, **WHEN)] == ["ada", "bob"]
    (group,) = shop.get_error_groups(**WHEN)
    assert (group["fingerprint"], group["count"]) == ("timeout after ? ms", 2)
    assert [event["conversation_id"] for event in shop.search('"red mug"', **WHEN)] == ["chat-1"]
    assert isinstance(shop.get_schema()["event_names"], list)


def test_similar_events(client: EventClient) -> None:
    vectors = {"near": ([1.0, 0.1], [-1.0, 0.0]), "far": ([-1.0, 0.0], [1.0, 0.0]), "it": ([1.0, 0.0],) * 2}
    ids = {
        name: client.track_event(
            "c", "event_a", input_embeddings=of_input, output_embeddings=of_output, wait=True
        )
        for name, (of_input, of_output) in vectors.items()
    }

    def found(**options: Any) -> list[str]:
        return [event["id"] for event in client.get_similar(ids["it"], **options)]

    assert found() == [ids["near"], ids["far"]]
    assert found(by="output") == [ids["far"], ids["near"]]
    assert found(by="input", limit=1, days=1) == [ids["near"]]
    assert found(end=date(2026, 1, 1)) == []
    far = client.get_similar(ids["it"])[1]
    assert far["distance"] == pytest.approx(2.0)
    bare = client.track_event("c", "event_a", wait=True)
    with pytest.raises(EventSDKError) as caught:
        client.get_similar(bare)
    assert caught.value.status_code == 422


def test_what_can_not_be_meant_is_said(shop: EventClient) -> None:
    with pytest.raises(TypeError, match="unknown arguments: begin"):
        shop.query(["events"], begin=date(2026, 10, 23))
    with pytest.raises(EventValidationError, match="unknown metric"):
        shop.query(["visits"])
    with pytest.raises(EventValidationError, match="from must be a date"):
        shop.query(["events"], start=datetime(2026, 10, 23, 8))  # noqa: DTZ001, that is the point


def test_a_tail(shop: EventClient) -> None:
    tail = shop.tail([{"field": "input", "op": "is", "values": ["watched"]}])
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(next, tail)
        # What is sent before it watches is not seen.
        while not first.done():
            shop.track_event("tail", "event_a", input="unwatched")
            watched = shop.track_event("tail", "event_a", input="watched")
    message = first.result()
    assert (message["event"], message["data"]["input"]) == ("created", "watched")

    shop.delete_event(watched)
    while message["event"] != "deleted":
        message = next(tail)
    assert message["data"] == {"id": watched}
    tail.close()

    # Behind that message there is the next one.
    behind = shop.track_event("tail", "event_a", input="watched")
    message = next(shop.tail(after=message["id"]))
    assert (message["event"], message["data"]["id"]) == ("created", behind)
    with pytest.raises(EventValidationError, match="Last-Event-ID must be the id of a message"):
        next(shop.tail(after="nothing"))


def test_a_tail_that_breaks_off() -> None:
    with EventClient("http://localhost:1") as client, pytest.raises(EventUnavailableError, match="broke off"):
        next(client.tail())
