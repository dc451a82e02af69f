"""Ids of events: UUIDs that begin with the event's time."""

from __future__ import annotations

import os
import secrets
import threading
import time
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from ._errors import EventValidationError
from ._types import Json


class _Arrivals:
    """The clock of arrival: Unix microseconds, each later than the one before in this process."""

    def __init__(self) -> None:
        self._last = 0
        self._unlock()
        if hasattr(os, "register_at_fork"):
            # Another thread may have held it.
            os.register_at_fork(after_in_child=self._unlock)

    def _unlock(self) -> None:
        # One that a signal handler may take again.
        self._lock = threading.RLock()

    def next(self, now: int) -> int:
        with self._lock:
            arrival = self._last = max(now, self._last + 1)
        return arrival


_arrivals = _Arrivals()
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def new_id(at: datetime | None = None) -> str:
    """A UUIDv7 (RFC 9562, 5.7) of an event of that time, now by default."""
    now = time.time_ns() // 1_000
    millis = now // 1_000 if at is None else _millis(at)
    tail = _tail(_arrivals.next(now) - millis * 1_000)
    high = millis << 16 | 7 << 12 | tail >> 62
    low = 0b10 << 62 | tail & (1 << 62) - 1
    # As `uuid.UUID` does it, in a third of the time.
    text = f"{high << 64 | low:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _tail(delay: int) -> int:
    """74 bits: by how many microseconds an event arrived after its time, and behind that random ones.

    So events of the same time keep the order in which they were tracked, here or by the server, which makes
    its ids alike. As in a floating-point number, the length stands before the digits, which leaves more
    random bits the shorter the delay is.
    """
    distance = abs(delay)
    length = distance.bit_length()
    kept = max(length - 1, 0)  # the first is always 1
    room = 67 - kept
    magnitude = length << 67 | (distance & (1 << kept) - 1) << room | secrets.randbits(room)
    return 1 << 73 | magnitude if delay >= 0 else ~magnitude & (1 << 73) - 1


def _millis(at: datetime) -> int:
    """Unix milliseconds."""
    if not isinstance(at, datetime) or at.tzinfo is None:
        raise EventValidationError("timestamp must be a datetime with a time zone")
    millis = (at - _EPOCH) // timedelta(milliseconds=1)
    if millis < 0:
        raise EventValidationError("timestamp must not be before 1970")
    return millis


def with_id(fields: Mapping[str, Any]) -> Json:
    """The event as it is sent: with an id, or what the server makes it from, and without empty texts."""
    if not isinstance(fields, Mapping):
        raise EventValidationError(f"an event must be a mapping of its fields, not {fields!r}")
    if fields.get("id") == "" or fields.get("message_id") == "":
        # A new one in its place would be another event each time.
        raise EventValidationError("the id of an event must not be empty")
    event = {
        name: value
        for name, value in fields.items()
        if value is not None and (not isinstance(value, str) or value)
    }
    at = event.pop("timestamp", None)
    if "message_id" in event:
        if at is None or "id" in event:
            raise EventValidationError("a message_id needs a timestamp and excludes an id")
        event["timestamp"] = _rfc_3339(_millis(at))
    elif "id" not in event:
        event["id"] = new_id(at)
    else:
        event["id"] = str(event["id"])
        if at is not None and _id_millis(event["id"]) != _millis(at):
            raise EventValidationError(
                "id and timestamp disagree: an id starts with the time of its event (leave one of them out)"
            )
    return event


def _rfc_3339(millis: int) -> str:
    return (_EPOCH + timedelta(milliseconds=millis)).isoformat(timespec="milliseconds")


def _id_millis(event_id: str) -> int:
    """The time of an event, as its id tells it."""
    try:
        return uuid.UUID(event_id).int >> 80
    except ValueError:
        raise EventValidationError(
            "id must be a UUID of version 7 or 8; an id of another form is a message_id"
        ) from None


def ids_of(events: Iterable[Json]) -> list[str]:
    return [event["id"] for event in events if "id" in event]
