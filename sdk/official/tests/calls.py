"""The calls that clients are told to make, in the words of Segment's specification."""

from __future__ import annotations

from typing import Any

Call = dict[str, Any]

# More than a megabyte in a batch of this many, each under the limit of 32,768 bytes an event.
LARGE = 50
LARGE_TEXT = "a large text. " * 2_200


def of_every_kind(*kinds: str) -> list[Call]:
    """One call of each kind, all of one user. An alias changes who that is in a browser: it comes last."""
    calls: dict[str, Call] = {
        "identify": {"traits": {"email": "ada@example.com", "age": 36, "plan": {"name": "pro"}}},
        "track": {
            "event": "Order Completed",
            "properties": {"revenue": 9.5, "items": [1, 2], "note": "Zoë 🚀"},
        },
        "page": {"name": "Home", "category": "Docs", "properties": {"section": "top"}},
        "screen": {"name": "Basket", "category": "Shop", "properties": {"items": 3}},
        "group": {"groupId": "g-1", "traits": {"name": "Acme", "employees": 12}},
        "alias": {"previousId": "before"},
    }
    return [{"type": kind, "userId": "u-1", **calls[kind]} for kind in kinds]


def of_nobody() -> Call:
    """A call without a user."""
    return {"type": "track", "anonymousId": "anonymous-1", "event": "Seen", "properties": {"anonymous": True}}


def small(count: int) -> list[Call]:
    """Calls that differ in their number."""
    return [
        {"type": "track", "userId": "u-1", "event": "Counted", "properties": {"number": number}}
        for number in range(count)
    ]


def large() -> list[Call]:
    """Calls that make a batch of more than a megabyte."""
    return [
        {
            "type": "track",
            "userId": "u-1",
            "event": "Told",
            "properties": {"number": number, "text": LARGE_TEXT},
        }
        for number in range(LARGE)
    ]
