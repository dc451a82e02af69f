"""The client's questions about shops: its answers are the server's, and what they must be."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pandas  # type: ignore[import-untyped]
import pytest

from event_client import EventClient
from oracle import commerce, people
from oracle.compare import same, same_rows
from oracle.inventory import inventory
from oracle.scope import DAY, HOUR
from shops import Asked, Shop, autumn, period

ZONE = "Europe/Berlin"
# Each method, its arguments, and what the server is asked by them.
QUESTIONS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("get_active_users", {}, {}),
    ("get_user_retention", {"by": "first_seen", "period": "week", "periods": 3}, {}),
    ("get_sessions", {"interval": "day", "week_start": "sunday"}, {}),
    ("get_revenue", {"interval": "week", "by": "location", "week_start": "sunday"}, {}),
    ("get_conversion", {"window": "2h", "abandon_after": "1h"}, {}),
    ("get_products", {"order": "units", "limit": 7}, {}),
    ("get_inventory", {"dead_after": "5d", "limit": 9}, {}),
    ("get_heatmap", {}, {}),
    ("get_operations", {"interval": "month"}, {}),
    ("get_geography", {"limit": 3}, {}),
    ("get_acquisition", {"interval": "week"}, {}),
    # What is asked for where nothing is said.
    ("get_user_retention", {}, {"by": "registered", "period": "day", "periods": 7}),
    ("get_conversion", {}, {"window": "7d", "abandon_after": "24h"}),
    ("get_products", {}, {"order": "revenue", "limit": 100}),
    ("get_inventory", {}, {"dead_after": "30d", "limit": 1_000}),
    ("get_geography", {}, {"limit": 1_000}),
]
PATHS = {"get_user_retention": "retention", "get_active_users": "active-users"}


# Of one shop, which is closed: its numbers don't change while it is asked.
pytestmark = pytest.mark.parametrize("shop", [autumn], indirect=True, ids=["autumn"])


@pytest.fixture
def client(shop: Shop) -> Iterator[EventClient]:
    with EventClient(shop.millrace.url, tenant=shop.tenant) as client:
        yield client


def when(shop: Shop) -> dict[str, Any]:
    start, end = period(shop.tenant)
    return {"start": start, "end": end, "timezone": ZONE}


def floats(answer: Any) -> list[float]:
    """All in an answer that are none of exact."""
    if isinstance(answer, dict):
        answer = list(answer.values())
    if isinstance(answer, list):
        return [number for part in answer for number in floats(part)]
    return [answer] if isinstance(answer, float) else []


@pytest.mark.parametrize(("method", "arguments", "defaults"), QUESTIONS)
def test_an_answer_is_the_servers(
    shop: Shop, client: EventClient, method: str, arguments: dict[str, Any], defaults: dict[str, Any]
) -> None:
    answer = getattr(client, method)(**arguments, **when(shop))
    path = PATHS.get(method, method[len("get_") :])
    parameters = {**arguments, **defaults}
    assert answer
    assert answer == Asked(shop, *period(shop.tenant), ZONE).ask(f"/analytics/{path}", **parameters)
    assert floats(answer) == []


def test_numbers_are_what_they_must_be(shop: Shop, client: EventClient) -> None:
    scope, times = Asked(shop, *period(shop.tenant), ZONE).scope(), when(shop)
    revenue = client.get_revenue("week", **times)
    same_rows(revenue, commerce.revenue(scope, "week", by_location=False), "start", "currency")
    same_rows(
        client.get_products(limit=1_000, **times), commerce.products(scope), "product_id", "sku", "currency"
    )
    same(client.get_conversion(**times)["cart"], commerce.cart(scope, 24 * HOUR))
    same_rows(client.get_active_users(**times), people.active_users(scope), "date")
    stock = inventory(scope, 5 * DAY)
    same_rows(client.get_inventory("5d", **times)["dead_stock"], stock["dead_stock"], "sku")


def test_money_adds_up_exactly_in_a_data_frame(shop: Shop, client: EventClient) -> None:
    frame = pandas.DataFrame(client.get_revenue("day", **when(shop)))
    net = frame.fillna({"currency": ""}).groupby("currency")["net"].sum().to_dict()
    expected: dict[str, Decimal] = {}
    for row in client.get_revenue("month", **when(shop)):
        currency = row["currency"] or ""
        expected[currency] = expected.get(currency, Decimal(0)) + row["net"]
    assert net == expected
    assert any(isinstance(sum_, Decimal) and sum_ % 1 for sum_ in net.values())
