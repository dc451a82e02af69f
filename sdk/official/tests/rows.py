"""What the table has to hold of an event as it was sent."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from calls import Call
from installation import Installation

Row = dict[str, Any]

COLUMNS = (
    "source, kind, event_name, message_id, user_id, anonymous_id, properties, "
    "toUnixTimestamp64Milli(created_at) AS created_at"
)


def stored(millrace: Installation, tenant: str) -> list[Row]:
    """The live rows of a tenant, as ClickHouse itself tells them."""
    text = millrace.sql(
        f"SELECT {COLUMNS} FROM event_analytics.events FINAL WHERE tenant = '{tenant}' "
        "ORDER BY message_id FORMAT JSONEachRow "
        "SETTINGS output_format_json_quote_64bit_integers = 0"
    )
    rows = [json.loads(line) for line in text.splitlines()]
    return [{**row, "properties": json.loads(row["properties"] or "{}")} for row in rows]


def expected(event: dict[str, Any]) -> Row:
    """The row of an event that was sent."""
    kind = event["type"]
    properties = event.get("properties") or {}
    traits = event.get("traits")
    if kind == "identify" and traits is None:
        traits = event["context"].get("traits")
    names = {
        "track": event.get("event"),
        "page": event.get("name") or properties.get("name"),
        "screen": event.get("name") or properties.get("name"),
    }
    at = datetime.fromisoformat(event.get("timestamp") or event["originalTimestamp"])
    return {
        "source": "segment",
        "kind": kind,
        "event_name": names.get(kind) or kind,
        "message_id": event["messageId"],
        "user_id": event.get("userId") or "",
        "anonymous_id": event.get("anonymousId") or "",
        "properties": (traits or {}) if kind in ("identify", "group") else properties,
        "created_at": int(at.timestamp()) * 1_000 + at.microsecond // 1_000,
    }


def is_of(row: Row, call: Call) -> bool:
    """Whether a row is what a call asked for. Clients add properties of their own."""
    said = call.get("properties") or call.get("traits") or {}
    return (
        row["kind"] == call["type"]
        and row["event_name"] == (call.get("event") or call.get("name") or call["type"])
        and row["user_id"] == call.get("userId", "")
        and ("anonymousId" not in call or row["anonymous_id"] == call["anonymousId"])
        and all(row["properties"].get(name) == value for name, value in said.items())
    )
