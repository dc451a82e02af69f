"""The computation that the answers are compared with, on events whose answers are plain."""

from __future__ import annotations

import json
import uuid
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from oracle import commerce, people
from oracle.compare import same_rows
from oracle.events import Event, millis, read
from oracle.inventory import inventory
from oracle.money import amount, quotient
from oracle.scope import DAY, HOUR, MINUTE, Scope, percentile

START = millis(datetime(2026, 10, 24, tzinfo=timezone.utc))


def event(
    name: str, at: int, user: str = "u", low: int = 0, conversation: str = "", **properties: Any
) -> Event:
    number = (START + at) << 80 | 7 << 76 | 2 << 62 | low
    return Event(uuid.UUID(int=number), name, user, "", conversation, "", 0.0, properties, {})


def scope(events: list[Event], days: int = 10, zone: str = "UTC", now: int = 100 * DAY) -> Scope:
    ordered = sorted(events, key=lambda event: event.id.int)
    return Scope.of(ordered, START, START + days * DAY, zone, START + now)


def test_operations_are_folded_in_their_order(tmp_path: Path) -> None:
    key, gone = (str(uuid.UUID(int=(START << 80) | 7 << 76 | 2 << 62 | low)) for low in (1, 2))
    file = tmp_path / "shop.ndjson"
    message = {"messageId": "m", "timestamp": "2026-10-24T00:00:00.000Z", "event": "x", "anonymousId": "a"}
    operations = [
        {"op": "create", "event": {"id": key, "event_name": "x", "conversation_id": "c", "latency": 5}},
        {"op": "create", "event": {"id": gone, "event_name": "x", "conversation_id": "c"}},
        {"op": "update", "id": key, "changes": {"error": "late"}},
        {"op": "delete", "id": gone},
        {"op": "track", "message": {**message, "context": {}, "properties": {"error": "e", "sum": 1.10}}},
    ]
    file.write_text("".join(json.dumps(operation) + "\n" for operation in operations))
    native, tracked = sorted(read(file, "default"), key=lambda event: event.id.version or 0)
    assert (str(native.id), native.error, native.latency, native.user) == (key, "late", 5.0, "")
    # As the server derives it (crates/model/src/id.rs).
    assert (tracked.id.version, tracked.at) == (8, START)
    assert (tracked.user, tracked.error, tracked.properties["sum"]) == ("anon:a", "e", Decimal("1.1"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("19.99", "19.99"),
        (5, "5"),
        (Decimal("12345678901234.5678"), "12345678901234.5678"),
        ("1.23459", "1.2345"),
        (Decimal("-1.23459"), "-1.2345"),
        ("1,234.50", None),
        ("", None),
        (None, None),
        ("1e2", None),
        ("+5", None),
        (True, None),
    ],
)
def test_an_amount_is_exact_and_cut_to_four_places(value: Any, expected: str | None) -> None:
    assert amount(value) == (None if expected is None else Decimal(expected))


def test_a_quotient_is_rounded_and_one_of_nothing_is_nothing() -> None:
    assert quotient(Decimal(2), Decimal(3)) == Decimal("0.6667")
    assert quotient(Decimal(2), Decimal(0)) is None
    assert [percentile(range(1, 21), level) for level in (0.5, 0.95, 0.99)] == [11, 20, 20]
    assert percentile([], 0.5) is None


@pytest.mark.parametrize(
    ("zone", "days"),
    [("Europe/Berlin", [24, 25, 24]), ("UTC", [24, 24, 24]), ("America/New_York", [24, 24, 24])],
)
def test_a_day_is_as_long_as_the_clocks_make_it(zone: str, days: list[int]) -> None:
    midnights = [scope([], zone=zone).midnight(date(2026, 10, day)) for day in (24, 25, 26, 27)]
    assert [(b - a) // HOUR for a, b in zip(midnights, midnights[1:])] == days


def test_hours_that_come_twice_are_two_and_a_day_without_a_midnight_begins_behind_the_gap() -> None:
    berlin = scope([], zone="Europe/Berlin")
    twice = millis(datetime(2026, 10, 25, 0, 30, tzinfo=timezone.utc))
    assert berlin.local(twice).hour == berlin.local(twice + HOUR).hour == 2
    assert berlin.bucket(twice + HOUR, "hour") - berlin.bucket(twice, "hour") == HOUR
    begin = scope([], zone="America/Santiago").midnight(date(2026, 9, 6))
    assert begin == millis(datetime(2026, 9, 6, 4, tzinfo=timezone.utc))


def test_a_session_ends_where_a_gap_reaches_30_minutes_and_a_conversation_never() -> None:
    events = [
        event("x", -MINUTE),  # its session began before the range
        event("x", MINUTE),
        event("x", 31 * MINUTE),
        event("x", 61 * MINUTE - 1),
        event("x", HOUR, "v", conversation="c"),
        event("x", 20 * DAY, "w", conversation="c"),
        event("x", HOUR, ""),
    ]
    (row,) = people.sessions(scope(events), "month")
    assert (row["sessions"], row["users"], row["logins_per_user"]) == (2, 3, None)
    assert row["duration_p50_seconds"] == 20 * 86_400 - 3_600
    assert row["duration_mean_seconds"] == (20 * 86_400 - 3_600 + 1_800 - 0.001) / 2


def test_retention_counts_the_periods_in_which_users_come_back() -> None:
    events = [
        event("x", -DAY),
        event("user.registered", HOUR),
        event("x", 2 * DAY),
        event("user.registered", HOUR, "v"),
        event("user.registered", -HOUR, "early"),
    ]
    found = people.retention(scope(events, now=2 * DAY + HOUR), "registered", "day", 3)
    (cohort,) = found["cohorts"]
    assert cohort == {
        "cohort": "2026-10-24",
        "size": 2,
        "returned": [2, 0, 1, None],
        "share": [1.0, 0.0, 0.5, None],
        "complete": [True, True, False, False],
    }
    assert found["mean"] == [1.0, 0.0, None, None]


def test_stickiness_is_the_mean_of_days_by_the_month() -> None:
    events = [event("x", 0), event("x", DAY), event("x", DAY, "v")]
    rows = people.active_users(scope(events, days=2))
    assert [(row["date"], row["dau"], row["wau"], row["mau"]) for row in rows] == [
        ("2026-10-24", 1, 1, 1),
        ("2026-10-25", 2, 2, 2),
    ]
    assert [row["stickiness"] for row in rows] == [1 / 30, 3 / 30 / 2]


def test_a_payment_takes_what_it_does_not_say_from_its_order() -> None:
    order: dict[str, Any] = {"order_id": 7, "currency": "EUR", "location_id": "k"}
    events = [
        event("order.created", -DAY, **order, total_amount="5"),
        event("payment.processed", HOUR, order_id="7", amount="5.00"),
        event("payment.refunded", 2 * HOUR, order_id="7", refund_amount=""),
        event("order.created", HOUR, **order, total_amount="20.01"),
        event("order.created", HOUR, low=1, **order, total_amount="1,0"),
        event("payment.processed", HOUR, order_id="8", amount=1),
    ]
    known, unknown = commerce.revenue(scope(events), "month", by_location=True)
    assert (known["currency"], known["location_id"], known["orders"]) == ("EUR", "k", 2)
    assert (known["revenue"], known["aov"]) == (Decimal("20.01"), Decimal("10.005"))
    assert (known["paid"], known["refunded"], known["net"], known["unreadable"]) == (5, 0, 5, 2)
    assert (unknown["currency"], unknown["location_id"], unknown["aov"]) == ("", "", None)


def test_a_product_is_one_whatever_it_is_called() -> None:
    item = {"product_id": "p", "sku": "s"}
    items = [{**item, "name": "old", "quantity": "2", "total_price": "3.5"}, {**item, "total_price": "3,5"}]
    events = [
        event("order.created", HOUR, order_id=1, currency="EUR", items=items),
        event("order.created", 2 * HOUR, order_id="1", currency="EUR", items=[{**item, "name": "new"}]),
    ]
    assert commerce.products(scope(events)) == [
        {
            **item,
            "name": "new",
            "currency": "EUR",
            "units": 2,
            "revenue": Decimal("3.5"),
            "orders": 1,
            "unreadable": 2,
        }
    ]


def test_an_order_is_paid_in_time_else_cancelled_else_open_else_abandoned() -> None:
    events = [event("order.created", HOUR, order_id=name) for name in "abcd"]
    events += [
        event("payment.processed", HOUR + DAY, order_id="a"),
        event("payment.processed", HOUR + DAY + 1, order_id="b"),
        event("order.cancelled", 9 * DAY, order_id="c"),
        event("order.cancelled", 0, order_id="d"),
    ]
    fates = commerce.cart(scope(events), DAY)
    assert fates == {
        "orders": 4,
        "paid": 1,
        "cancelled": 1,
        "abandoned": 2,
        "open": 0,
        "abandonment_rate": 0.5,
    }
    assert commerce.cart(scope(events, now=HOUR + DAY), DAY)["open"] == 3


def test_of_the_deepest_chains_the_one_that_ends_first_and_starts_last_counts() -> None:
    events = [
        event("user.registered", 0),
        event("user.registered", 1_000),
        event("order.created", 3_000),
        event("order.created", 3_000, low=2),
        event("payment.processed", 3_000, low=1),
        event("payment.processed", 9_000),
        event("user.registered", 0, "tied"),
        event("order.created", 1_000, "tied", low=5),
        event("payment.processed", 1_000, "tied", low=4),
        event("user.registered", 0, "late"),
        event("order.created", 7 * DAY + 1, "late"),
    ]
    found = commerce.funnel(scope(events, now=7 * DAY))
    assert [step["users"] for step in found["steps"]] == [3, 2, 1]
    assert [step["median_seconds"] for step in found["steps"]] == [None, 2.0, 0.0]
    assert found["open"] == 2


def test_a_shortage_lasts_from_its_first_sign_to_the_restock_and_counts_there() -> None:
    stock: dict[str, Any] = {"product_id": "p", "sku": "s", "location_id": "k"}
    elsewhere: dict[str, Any] = {**stock, "location_id": "m"}
    events = [
        event("inventory.adjusted", -2 * DAY, **stock, new_quantity=10),
        event("inventory.low_stock", -DAY, **stock, current_quantity=2),
        event("inventory.out_of_stock", HOUR, **stock, variant_id=""),
        event("inventory.restocked", DAY, **stock, new_quantity="8"),
        event("inventory.restocked", 2 * DAY, **stock, new_quantity=9),
        event("inventory.low_stock", -DAY, **elsewhere, current_quantity=4),
        event("inventory.out_of_stock", HOUR, **elsewhere),
        event("order.created", HOUR, items=[{"sku": "s", "quantity": "3"}, {"sku": "t"}]),
    ]
    found = inventory(scope(events), DAY)
    assert found["low_stock"] == []
    assert found["out_of_stock"] == [
        {"product_id": "p", "variant_id": "", "sku": "s", "location_id": place, "count": 1} for place in "km"
    ]
    assert found["restock"] == {"count": 1, "p50_seconds": 172_800.0, "mean_seconds": 172_800.0}
    sold = {row["sku"]: row for row in found["turnover"]}
    assert (sold["s"]["average_quantity"], sold["s"]["turnover"]) == (7.5, 0.4)
    assert sold["t"]["average_quantity"] is None
    assert found["dead_stock"] == [{"sku": "s", "quantity": 9, "last_sold_at": START + HOUR}]


def test_a_difference_is_told() -> None:
    row = {"key": "a", "count": 1, "rate": 0.5}
    same_rows([row, {"key": "none", "count": 0, "rate": None}], [row], "key")
    for other in (
        {**row, "count": 2},
        {**row, "rate": 0.50001},
        {**row, "key": "b"},
        {"key": "a", "rate": 0.5},
    ):
        with pytest.raises(AssertionError, match="1 rows"):
            same_rows([other], [row], "key")
    with pytest.raises(AssertionError, match="nothing to compare"):
        same_rows([], [], "key")
