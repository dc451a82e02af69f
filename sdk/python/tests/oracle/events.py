"""The events that are left of what `millrace-benchmark generate --to ndjson` has written."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Event:
    """What questions ask of an event. Texts that are absent are empty."""

    id: uuid.UUID
    name: str
    user_id: str
    anonymous_id: str
    conversation: str
    error: str
    # In milliseconds; 0 is not measured.
    latency: float
    properties: dict[str, Any]
    context: dict[str, Any]

    @property
    def at(self) -> int:
        """Unix milliseconds: the first 48 bits of the id."""
        return self.id.int >> 80

    @property
    def user(self) -> str:
        """Empty for an event of nobody."""
        return self.user_id or (f"anon:{self.anonymous_id}" if self.anonymous_id else "")

    def text(self, field: str) -> str:
        return text(self.properties.get(field))


def text(value: Any) -> str:
    """A text of the properties: absent, null and empty are the same, and a number is its digits."""
    return str(value) if isinstance(value, (str, int, Decimal)) and not isinstance(value, bool) else ""


def millis(moment: datetime) -> int:
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000 + delta.microseconds // 1_000


def read(file: Path, tenant: str) -> list[Event]:
    """The events as all operations of the file leave them, in their order."""
    left: dict[uuid.UUID, dict[str, Any]] = {}
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            apply(json.loads(line, parse_float=Decimal), tenant, left)
    events = [event(key, fields) for key, fields in left.items()]
    return sorted(events, key=lambda event: event.id.int)


def apply(operation: dict[str, Any], tenant: str, left: dict[uuid.UUID, dict[str, Any]]) -> None:
    """Every id is created once, and nothing is done to it before."""
    kind = operation["op"]
    if kind == "create":
        fields = operation["event"]
        left[uuid.UUID(fields["id"])] = fields
    elif kind == "track":
        message = operation["message"]
        left[derived(tenant, message)] = tracked(message)
    elif kind == "update":
        key = uuid.UUID(operation["id"])
        left[key] = {**left[key], **operation["changes"]}
    else:
        del left[uuid.UUID(operation["id"])]


def tracked(message: dict[str, Any]) -> dict[str, Any]:
    """A call of Segment's by the names of Millrace's fields."""
    properties = message["properties"]
    error = properties.get("error")
    return {
        "event_name": message["event"],
        "user_id": message.get("userId"),
        "anonymous_id": message.get("anonymousId"),
        "conversation_id": message["context"].get("sessionId"),
        "error": error if isinstance(error, str) else "",
        "properties": properties,
        "context": message["context"],
    }


def derived(tenant: str, message: dict[str, Any]) -> uuid.UUID:
    """48 bits of the time, then a hash of tenant, source and message id, as a UUID of version 8."""
    digest = hashlib.sha256()
    for part in (tenant, "segment", message["messageId"]):
        digest.update(len(part).to_bytes(8, "big") + part.encode())
    at = millis(datetime.fromisoformat(message["timestamp"].replace("Z", "+00:00")))
    number = int.from_bytes(at.to_bytes(6, "big") + digest.digest()[:10], "big")
    number = number & ~(0xF << 76) | (8 << 76)
    return uuid.UUID(int=number & ~(0x3 << 62) | (0x2 << 62))


def event(key: uuid.UUID, fields: dict[str, Any]) -> Event:
    return Event(
        id=key,
        name=fields["event_name"],
        user_id=fields.get("user_id") or "",
        anonymous_id=fields.get("anonymous_id") or "",
        conversation=fields.get("conversation_id") or "",
        error=fields.get("error") or "",
        latency=float(fields.get("latency") or 0),
        properties=fields.get("properties") or {},
        context=fields.get("context") or {},
    )
