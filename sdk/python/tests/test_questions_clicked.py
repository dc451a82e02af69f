"""A number, then the list behind it: both count the same events or users."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from shops import Asked, Shop, period

NUMBERS = 50
FIELDS = ("event_name", "source", "kind", "user", "error", "properties.currency", "properties.location_id")
FILTERS: tuple[list[dict[str, Any]], ...] = (
    [],
    [{"field": "user", "op": "set"}],
    [{"field": "user", "op": "not_set"}],
    [{"field": "event_name", "op": "contains", "values": ["ORDER", "view"]}],
    [{"field": "event_name", "op": "is_not", "values": ["order.created"]}],
    [{"field": "latency", "op": "gte", "values": [200]}],
    [{"field": "properties.total_amount", "op": "lt", "values": ["100"]}],
    [
        {"field": "conversation_id", "op": "not_set"},
        {"field": "properties.currency", "op": "is", "values": ["EUR"]},
    ],
)


def pages(asked: Asked, path: str, **parameters: Any) -> Iterator[dict[str, Any]]:
    """All of a list."""
    while True:
        url = f"{asked.shop.millrace.url}{path}?{urlencode({'limit': 1_000, **parameters})}"
        with urlopen(Request(url, headers={"X-Tenant": asked.shop.tenant})) as answer:
            page = json.loads(answer.read())
        yield from page["data"]
        if not page.get("next_cursor"):
            return
        parameters["cursor"] = page["next_cursor"]


def click(asked: Asked, chance: random.Random) -> tuple[Any, int, str]:
    """A number of a chart, what its list counts, and what was clicked."""
    filters, field = chance.choice(FILTERS), chance.choice((None, *FIELDS))
    metric = chance.choice(("events", "errors", "users"))
    question = {"metrics": [metric], "filters": filters, "interval": chance.choice(("day", "week", "month"))}
    if field:
        question["breakdown"] = {"field": field, "limit": 100}
    data = asked.ask("/query", **question)
    starts = [bucket["start"] for bucket in data["buckets"]]
    if field and metric != "users":
        total = asked.ask("/query", **{**question, "breakdown": None})["series"][0]["total"]
        assert sum(one["total"] for one in data["series"]) == total, question
    series = chance.choice([one for one in data["series"] if one["role"] != "other"])
    place = chance.randrange(-1, len(starts))
    ends = [asked.first.isoformat(), *starts[1:], asked.end.isoformat()]
    begin, end = (ends[0], ends[-1]) if place < 0 else (ends[place], ends[place + 1])
    number = series["total"] if place < 0 else series["values"][place]
    behind = list(filters)
    if field:
        one = {"op": "is", "values": [series["key"]]} if series["role"] == "value" else {"op": "not_set"}
        behind.append({"field": field, **one})
    if metric == "errors":
        behind.append({"field": "error", "op": "set"})
    path = "/users" if metric == "users" else "/events"
    when = {"from": begin, "to": end, "timezone": asked.zone, "filters": json.dumps(behind)}
    clicked = f"{question}: {series['key']}, {begin} to {end}"
    return number, sum(1 for _ in pages(asked, path, **when)), clicked


@pytest.mark.parametrize("zone", ["Europe/Berlin"])
def test_the_list_behind_a_number_has_as_many(shop: Shop, zone: str) -> None:
    asked, chance = Asked(shop, *period(shop.tenant), zone), random.Random(50)
    clicked = [click(asked, chance) for _ in range(NUMBERS)]
    assert [one for one in clicked if one[0] != one[1]] == []
    assert sum(number > 0 for number, _, _ in clicked) > NUMBERS // 2


def test_the_list_behind_a_group_of_errors_has_as_many(shop: Shop) -> None:
    asked = Asked(shop, *period(shop.tenant), "America/Santiago")
    groups = asked.ask("/errors/groups", raw="true")
    assert groups
    for group in groups:
        filters = json.dumps([{"field": "error", "op": "is", "values": [group["fingerprint"]]}])
        when = {"from": asked.first.isoformat(), "to": asked.end.isoformat(), "timezone": asked.zone}
        assert sum(1 for _ in pages(asked, "/events", filters=filters, **when)) == group["count"], group
        assert sum(1 for _ in pages(asked, "/users", filters=filters, **when)) == group["users"], group
