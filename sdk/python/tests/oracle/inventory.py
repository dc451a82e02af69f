"""What ran short, how long for, and what lies on the shelves unsold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from oracle.events import Event, text
from oracle.money import count
from oracle.scope import SECOND, Scope, grouped, mean, percentile

SHORT = ("inventory.low_stock", "inventory.out_of_stock")
RESTOCKED = "inventory.restocked"
STOCK = ("product_id", "variant_id", "location_id")


def inventory(scope: Scope, dead_after: int) -> dict[str, Any]:
    stock = [event for event in scope.all if event.name.startswith("inventory.")]
    shortages = list(ended_shortages(scope, stock))
    return {
        "low_stock": told(scope, "inventory.low_stock"),
        "out_of_stock": told(scope, "inventory.out_of_stock"),
        "restock": {
            "count": len(shortages),
            "p50_seconds": percentile(shortages, 0.5),
            "mean_seconds": mean(shortages),
        },
        "turnover": turnover(scope, stock),
        "dead_stock": dead_stock(scope, stock, dead_after),
    }


def told(scope: Scope, name: str) -> list[dict[str, Any]]:
    fields = ("product_id", "variant_id", "sku", "location_id")
    groups = grouped(scope.events(name), lambda event: tuple(map(event.text, fields)))
    return [{**dict(zip(fields, key)), "count": len(events)} for key, events in groups.items()]


def ended_shortages(scope: Scope, stock: list[Event]) -> Iterable[float]:
    """How long each lasted, in seconds, that ended by a restock in the range."""
    for events in grouped(stock, lambda event: tuple(map(event.text, STOCK))).values():
        since: int | None = None
        for event in events:
            if event.name in SHORT and since is None:
                since = event.at
            elif event.name == RESTOCKED and since is not None:
                if scope.holds(event.at):
                    yield (event.at - since) / SECOND
                since = None


def quantities(stock: list[Event], before: int) -> dict[str, int]:
    """By sku: the last known quantity of each of its variants and places, added up."""
    last: dict[tuple[str, ...], int] = {}
    for event in stock:
        if event.at < before:
            known = quantity(event)
            if known is not None:
                last[(event.text("sku"), *map(event.text, STOCK))] = known
    total: dict[str, int] = {}
    for (sku, *_), known in last.items():
        total[sku] = total.get(sku, 0) + known
    return total


def quantity(event: Event) -> int | None:
    if event.name == "inventory.out_of_stock":
        return 0
    current = count(event.properties.get("current_quantity"))
    return count(event.properties.get("new_quantity")) if current is None else current


def sales(events: Iterable[Event]) -> Iterable[tuple[str, int, int]]:
    """Sku, quantity and time of each item that was ordered."""
    for order in events:
        if order.name == "order.created":
            for item in order.properties.get("items") or []:
                yield text(item.get("sku")), count(item.get("quantity")) or 0, order.at


def turnover(scope: Scope, stock: list[Event]) -> list[dict[str, Any]]:
    sold: dict[str, int] = {}
    for sku, pieces, _ in sales(scope.events()):
        sold[sku] = sold.get(sku, 0) + pieces
    first, last = quantities(stock, scope.start), quantities(stock, scope.end)
    rows = []
    for sku in {*sold, *first, *last}:
        units = sold.get(sku, 0)
        average = (first[sku] + last[sku]) / 2 if sku in first and sku in last else None
        ratio = units / average if average else None
        rows.append({"sku": sku, "units_sold": units, "average_quantity": average, "turnover": ratio})
    return rows


def dead_stock(scope: Scope, stock: list[Event], dead_after: int) -> list[dict[str, Any]]:
    last: dict[str, int] = {}
    for sku, _, at in sales(event for event in scope.all if event.at < scope.end):
        last[sku] = max(at, last.get(sku, at))
    rows = []
    dead_before = min(scope.to, scope.now) - dead_after
    for sku, left in quantities(stock, scope.end).items():
        sold_at = last.get(sku)
        if left > 0 and (sold_at is None or sold_at < dead_before):
            rows.append({"sku": sku, "quantity": left, "last_sold_at": sold_at})
    return rows
