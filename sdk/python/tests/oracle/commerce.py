"""What was ordered, paid, given back and given up."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from typing import Any

from oracle.events import Event, text
from oracle.money import Sum, count, quotient
from oracle.scope import DAY, SECOND, Scope, grouped, percentile, share

AMOUNTS = {
    "order.created": "total_amount",
    "payment.processed": "amount",
    "payment.refunded": "refund_amount",
}


def revenue(scope: Scope, interval: str, by_location: bool) -> list[dict[str, Any]]:
    orders: dict[str, Event] = {}
    for event in scope.all:
        if event.name == "order.created" and event.text("order_id"):
            orders.setdefault(event.text("order_id"), event)

    def own(event: Event, field: str) -> str:
        """What a payment or refund doesn't say its order does."""
        order = orders.get(event.text("order_id"))
        return event.text(field) or (order.text(field) if order else "")

    sums: dict[tuple[int, str, str], dict[str, Sum]] = {}
    for event in scope.events(*AMOUNTS):
        place = own(event, "location_id") if by_location else ""
        key = (scope.bucket(event.at, interval), own(event, "currency"), place)
        row = sums.setdefault(key, {name: Sum() for name in AMOUNTS})
        row[event.name].add(event.properties.get(AMOUNTS[event.name]))

    rows = []
    for (start, currency, place), row in sums.items():
        ordered, paid, refunded = (row[name] for name in AMOUNTS)
        found = {
            "start": start,
            "currency": currency,
            "orders": ordered.events,
            "revenue": ordered.total,
            "aov": quotient(ordered.total, Decimal(ordered.events)),
            "paid": paid.total,
            "refunded": refunded.total,
            "net": paid.total - refunded.total,
            "unreadable": sum(part.unreadable for part in row.values()),
        }
        rows.append({**found, "location_id": place} if by_location else found)
    return rows


def products(scope: Scope) -> list[dict[str, Any]]:
    """A product keeps its row when its name changes; the last one is told."""
    rows: dict[tuple[str, ...], tuple[Sum, dict[str, Any]]] = {}
    for order in scope.events("order.created"):
        for item in order.properties.get("items") or []:
            key = (text(item.get("product_id")), text(item.get("sku")), order.text("currency"))
            total, row = rows.setdefault(key, (Sum(), {"units": 0, "orders": set(), "name": ""}))
            total.add(item.get("total_price"))
            row["units"] += count(item.get("quantity")) or 0
            row["orders"].add(order.text("order_id"))
            row["name"] = text(item.get("name")) or row["name"]
    return [
        {
            **dict(zip(("product_id", "sku", "currency"), key)),
            **row,
            "orders": len(row["orders"]),
            "revenue": total.total,
            "unreadable": total.unreadable,
        }
        for key, (total, row) in rows.items()
    ]


def cart(scope: Scope, abandon_after: int) -> dict[str, Any]:
    payments = grouped(
        (event for event in scope.all if event.name == "payment.processed"), lambda e: e.text("order_id")
    )
    cancels = grouped(
        (event for event in scope.all if event.name == "order.cancelled"), lambda e: e.text("order_id")
    )
    fates = {"paid": 0, "cancelled": 0, "abandoned": 0, "open": 0}
    orders = scope.events("order.created")
    for order in orders:
        name, last = order.text("order_id"), order.at + abandon_after
        if any(order.at <= payment.at <= last for payment in payments.get(name, [])):
            fates["paid"] += 1
        elif any(cancel.id.int > order.id.int for cancel in cancels.get(name, [])):
            fates["cancelled"] += 1
        elif scope.now <= last:
            fates["open"] += 1
        else:
            fates["abandoned"] += 1
    rate = share(fates["abandoned"], len(orders) - fates["open"])
    return {"orders": len(orders), **fates, "abandonment_rate": rate}


STEPS = {"registered": "user.registered", "ordered": "order.created", "paid": "payment.processed"}


def funnel(scope: Scope, window: int = 7 * DAY) -> dict[str, Any]:
    chains = []
    not_through = 0
    for events in grouped((event for event in scope.all if event.user), lambda event: event.user).values():
        steps = [[event for event in events if event.name == name] for name in STEPS.values()]
        steps[0] = [event for event in steps[0] if scope.holds(event.at)]
        chain = deepest(steps, window)
        if chain:
            chains.append(chain)
            runs = any(event.at + window >= scope.now for event in steps[0])
            not_through += len(chain) < len(STEPS) and runs
    rows = []
    reached = [sum(len(chain) > step for chain in chains) for step in range(len(STEPS))]
    for step, name in enumerate(STEPS):
        took = [(chain[step].at - chain[step - 1].at) / SECOND for chain in chains if len(chain) > step > 0]
        rows.append(
            {
                "name": name,
                "users": reached[step],
                "share_of_first": share(reached[step], reached[0]),
                "share_of_previous": share(reached[step], reached[step - 1]) if step else None,
                "median_seconds": percentile(took, 0.5),
                "p90_seconds": percentile(took, 0.9),
            }
        )
    return {"steps": rows, "open": not_through}


def deepest(steps: list[list[Event]], window: int) -> tuple[Event, ...] | None:
    """Of the deepest chains the one that ends first, …; of those that differ in the start, the latest."""
    for depth in range(len(steps), 0, -1):
        chains = [
            chain
            for chain in product(*steps[:depth])
            if all(a.id.int < b.id.int for a, b in zip(chain, chain[1:]))
            and chain[-1].at - chain[0].at <= window
        ]
        if chains:
            return min(chains, key=lambda chain: [e.id.int for e in chain[:0:-1]] + [-chain[0].id.int])
    return None
