"""The typed events are the same in the documentation and for mypy, and Millrace takes them."""

from __future__ import annotations

import json
import re
import urllib.request
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Callable, get_type_hints

import pytest

from event_client import EventClient
from installation import ROOT, Installation, until
from typed_events import TYPED_EVENTS, Location, Money, OrderItem, item_count, money

DOCUMENT = (ROOT / "docs" / "events.md").read_text()
UNREADABLE: list[Any] = ["", "1,234.50", "1e2", "+5", " 5", "٣", "NaN", None, True, [], {}]
BROKEN_COUNTS: list[Any] = [*UNREADABLE, -3, "-3", -0.5, 2.5, "2.5", "2.0", "2_0", 1e999, [2]]
EXAMPLES: list[dict[str, Any]] = [
    event
    for block in re.findall(r"^```json\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
    for event in json.loads(block)
]
UNKNOWN: dict[str, Any] = {
    "event_type": "warehouse.flooded",
    "data": {"depth": 0.5, "deeper": {"still": [None, "1,5"]}},
}
# The types of the documentation, and what mypy knows them as.
KINDS: dict[str, Any] = {
    "text": str,
    "money": Money,
    "count": int,
    "number": float,
    "list of texts": list[str],
    "list of objects": list[OrderItem],
    "object": Location,
}
# Names that programs have used instead, which typed programs don't.
OTHER_NAMES = {"items_count": "item_count"}


def documented() -> dict[str, dict[str, tuple[str, str]]]:
    """Of each type of event the fields, whether they must be there, and their kinds, as the tables say it."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for section in DOCUMENT.split("\n## ")[1:]:
        table = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
        if not table:
            continue
        head, _, *rows = table
        (category,) = {event["event_type"].split(".")[0] for event in examples_of(section)}
        for column, action in list(enumerate(head))[2:-1]:
            fields = found.setdefault(f"{category}.{action.strip()}", {})
            for row in rows:
                if row[column].strip():
                    fields[row[0].strip(" `")] = (row[column].strip(), row[1].strip())
    return found


def examples_of(section: str) -> list[dict[str, Any]]:
    return [event for event in EXAMPLES if f'"{event["event_type"]}"' in section]


@pytest.fixture(scope="module")
def anything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One that takes events of any name."""
    running = Installation(tmp_path_factory.mktemp("anything"), settings={"EVENT_NAMES": "*"})
    yield running
    running.stop()


def test_every_type_has_a_table_and_an_example() -> None:
    assert documented().keys() == TYPED_EVENTS.keys() == {event["event_type"] for event in EXAMPLES}


@pytest.mark.parametrize("event_type", TYPED_EVENTS)
def test_the_fields_of_a_type_are_those_of_the_documentation(event_type: str) -> None:
    fields = documented()[event_type]
    typed = TYPED_EVENTS[event_type]
    assert {name: KINDS[kind] for name, (_, kind) in fields.items()} == get_type_hints(typed)
    assert {name for name, (need, _) in fields.items() if need == "must"} == typed.__required_keys__
    assert {need for need, _ in fields.values()} <= {"must", "may"}


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event["event_type"])
def test_an_example_has_the_fields_of_its_type(event: dict[str, Any]) -> None:
    fields = documented()[event["event_type"]]
    known = fields.keys() | {OTHER_NAMES[name] for name in fields if name in OTHER_NAMES}
    assert event["data"].keys() <= known
    for name, (need, kind) in fields.items():
        assert need == "may" or name in event["data"], name
        if kind == "money" and name in event["data"]:
            assert money(event["data"][name]) is not None
    for item in event["data"].get("items", []):
        assert item.keys() <= get_type_hints(OrderItem).keys()


def native(event: dict[str, Any], visit: str) -> dict[str, Any]:
    return {
        "conversation_id": visit,
        "event_name": event["event_type"],
        "user_id": event.get("user_id"),
        "properties": event["data"],
    }


def segment(event: dict[str, Any], visit: str) -> dict[str, Any]:
    return {
        "type": "track",
        "event": event["event_type"],
        "userId": event.get("user_id"),
        "anonymousId": visit,
        "properties": event["data"],
        "context": {"sessionId": visit},
    }


def event_service(event: dict[str, Any], visit: str) -> dict[str, Any]:
    return {
        "Topic": event["event_type"],
        "ActorId": event.get("user_id"),
        "Data": event["data"],
        "ActivityId": visit,
    }


@pytest.mark.parametrize(
    ("path", "member", "form"),
    [
        ("/events", "events", native),
        ("/v1/batch", "batch", segment),
        ("/api/v2.0/EventService", None, event_service),
    ],
    ids=["native", "Segment", "EventService"],
)
def test_millrace_keeps_every_example_as_it_was_sent(
    anything: Installation, path: str, member: str | None, form: Callable[[dict[str, Any], str], Any]
) -> None:
    visit = f"visit-{uuid.uuid4()}"
    sent = [*EXAMPLES, UNKNOWN]
    body = [form(event, visit) for event in sent]
    request = urllib.request.Request(
        anything.url + path, data=json.dumps({member: body} if member else body).encode()
    )
    with urllib.request.urlopen(request) as answer:
        assert json.load(answer)["success"]
    with EventClient(anything.url) as client:
        until("all are kept", lambda: len(client.get_events_by_conversation(visit)) >= len(sent))
        kept = client.get_events_by_conversation(visit)
    rows = [(row["event_name"], row["user_id"], json.dumps(row["properties"])) for row in kept]
    assert sorted(rows) == sorted(
        (event["event_type"], event.get("user_id", ""), json.dumps(event["data"])) for event in sent
    )


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("19.90", "19.90"),
        ("12345678901234567890.1234", "12345678901234567890.1234"),
        ("-5", "-5"),
        (19.9, "19.9"),
        (5, "5"),
        (Decimal("1.10"), "1.10"),
        *[(unreadable, None) for unreadable in UNREADABLE],
        (Decimal("NaN"), None),
        (float("inf"), None),
    ],
)
def test_money_is_read_exactly_or_not_at_all(sent: object, read: str | None) -> None:
    found = money(sent)
    assert (None if found is None else str(found)) == read


@pytest.mark.parametrize(
    ("order", "count"),
    [
        ({"items_count": 2, "item_count": 3, "items": []}, 2),
        ({"items_count": None, "item_count": "3", "items": []}, 3),
        ({"items_count": "two", "items": [{}, {}]}, 2),
        ({"items_count": 2.0, "items": []}, 2),
        ({"items_count": 10**30}, 10**30),
        ({"items_count": "-3", "item_count": 2, "items": []}, 2),
        *[({"items_count": broken, "item_count": broken, "items": [{}]}, 1) for broken in BROKEN_COUNTS],
        ({"items": []}, 0),
        ({"items": "mug"}, None),
        ({}, None),
    ],
)
def test_the_number_of_items_has_several_names(order: dict[str, Any], count: int | None) -> None:
    assert item_count(order) == count


def test_the_tables_are_read() -> None:
    assert documented()["order.created"]["total_amount"] == ("must", "money")
    assert documented()["inventory.adjusted"]["adjustment"] == ("may", "count")
    assert "adjustment" not in documented()["inventory.restocked"]
