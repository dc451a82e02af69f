"""The commerce and product routes against a computation of their own, on made up shops in five zones."""

from __future__ import annotations

from typing import Any

import pytest

from oracle import commerce, load, people
from oracle.compare import same, same_rows
from oracle.inventory import inventory
from oracle.scope import DAY, HOUR
from shops import Asked


def test_active_users(asked: Asked) -> None:
    asked.compare(
        "/analytics/active-users", people.active_users, lambda got, expected: same_rows(got, expected, "date")
    )


@pytest.mark.parametrize("interval", ["hour", "day", "week", "month"])
def test_sessions(asked: Asked, interval: str) -> None:
    asked.compare(
        "/analytics/sessions",
        lambda scope: people.sessions(scope, interval),
        lambda got, expected: same_rows(got, expected, "start"),
        interval=interval,
    )


@pytest.mark.parametrize("interval", ["hour", "day", "week", "month"])
def test_revenue(asked: Asked, interval: str) -> None:
    asked.compare(
        "/analytics/revenue",
        lambda scope: commerce.revenue(scope, interval, by_location=False),
        lambda got, expected: same_rows(got, expected, "start", "currency"),
        interval=interval,
    )


@pytest.mark.parametrize("interval", ["day", "month"])
def test_revenue_by_location(asked: Asked, interval: str) -> None:
    asked.compare(
        "/analytics/revenue",
        lambda scope: commerce.revenue(scope, interval, by_location=True),
        lambda got, expected: same_rows(got, expected, "start", "currency", "location_id"),
        interval=interval,
        by="location",
    )


@pytest.mark.parametrize(("window", "abandon_after"), [(168, 24), (2, 1), (48, 240)])
def test_conversion(asked: Asked, window: int, abandon_after: int) -> None:
    def check(got: Any, expected: Any) -> None:
        funnel, cart = expected
        same(got["cart"], cart)
        same_rows(got["funnel"]["steps"], funnel["steps"], "name")
        assert got["funnel"]["open"] == funnel["open"]

    asked.compare(
        "/analytics/conversion",
        lambda scope: (commerce.funnel(scope, window * HOUR), commerce.cart(scope, abandon_after * HOUR)),
        check,
        window=f"{window}h",
        abandon_after=f"{abandon_after}h",
    )


@pytest.mark.parametrize("order", ["revenue", "units"])
def test_products(asked: Asked, order: str) -> None:
    def check(got: Any, expected: Any) -> None:
        same_rows(got, expected, "product_id", "sku", "currency")
        assert [row[order] for row in got] == sorted((row[order] for row in expected), reverse=True)

    asked.compare("/analytics/products", commerce.products, check, order=order, limit=1_000)


@pytest.mark.parametrize("days", [30, 5])
def test_inventory(asked: Asked, days: int) -> None:
    place = ("product_id", "variant_id", "sku", "location_id")

    def check(got: Any, expected: Any) -> None:
        same_rows(got["low_stock"], expected["low_stock"], *place)
        same_rows(got["out_of_stock"], expected["out_of_stock"], *place)
        same(got["restock"], expected["restock"])
        same_rows(got["turnover"], expected["turnover"], "sku")
        same_rows(got["dead_stock"], expected["dead_stock"], "sku")

    asked.compare(
        "/analytics/inventory", lambda scope: inventory(scope, days * DAY), check, dead_after=f"{days}d"
    )


def test_heatmap(asked: Asked) -> None:
    asked.compare(
        "/analytics/heatmap",
        people.heatmap,
        lambda got, expected: same_rows(got, expected, "weekday", "hour"),
    )


def test_operations(asked: Asked) -> None:
    def check(got: Any, expected: Any) -> None:
        same_rows(got["buckets"], expected["buckets"], "start")
        same_rows(got["peak_hours"], expected["peak_hours"], "hour")

    asked.compare("/analytics/operations", load.operations, check, interval="hour")


def test_geography(asked: Asked) -> None:
    asked.compare(
        "/analytics/geography",
        people.geography,
        lambda got, expected: same_rows(got, expected, "country", "city"),
    )


@pytest.mark.parametrize("interval", ["day", "week"])
def test_acquisition(asked: Asked, interval: str) -> None:
    asked.compare(
        "/analytics/acquisition",
        lambda scope: people.acquisition(scope, interval),
        lambda got, expected: same_rows(got, expected, "start", "source", "method"),
        interval=interval,
    )
