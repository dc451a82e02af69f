"""Which events a question is about, and the local calendar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Callable, TypeVar
from zoneinfo import ZoneInfo

from oracle.events import Event, millis

T = TypeVar("T")

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


@dataclass(frozen=True)
class Scope:
    """All events up to now, and the range [start, to) of Unix milliseconds that is asked about."""

    all: list[Event]
    start: int
    to: int
    # The range ends now if it would later.
    end: int
    zone: ZoneInfo
    now: int

    @classmethod
    def of(cls, events: list[Event], start: int, to: int, zone: str, now: int) -> Scope:
        """Nothing later than now is counted."""
        known = [event for event in events if event.at <= now]
        return cls(known, start, to, min(to, now + 1), ZoneInfo(zone), now)

    def holds(self, at: int) -> bool:
        return self.start <= at < self.end

    def events(self, *names: str) -> list[Event]:
        """Those of the range, of these names if any are given."""
        return [event for event in self.all if self.holds(event.at) and (not names or event.name in names)]

    def local(self, at: int) -> datetime:
        return datetime.fromtimestamp(at // SECOND, timezone.utc).astimezone(self.zone)

    def bucket(self, at: int, interval: str) -> int:
        """When the calendar period begins that it lies in."""
        local = self.local(at)
        if interval == "minute":
            return at - at % SECOND - local.second * SECOND
        if interval == "hour":
            return at - at % SECOND - (local.minute * 60 + local.second) * SECOND
        return self.midnight(first_day(local.date(), interval))

    def midnight(self, day: date) -> int:
        """When the day begins: where there is no midnight, behind the gap."""
        return millis(datetime(day.year, day.month, day.day, tzinfo=self.zone))

    def by_bucket(self, events: Iterable[Event], interval: str) -> dict[int, list[Event]]:
        return grouped(events, lambda event: self.bucket(event.at, interval))


def first_day(day: date, interval: str) -> date:
    """Of the calendar period that the day is in."""
    if interval == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if interval == "month" else day


def next_day(day: date, interval: str) -> date:
    """The first day of the next period."""
    if interval == "month":
        return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return day + timedelta(days=7 if interval == "week" else 1)


def grouped(items: Iterable[Event], key: Callable[[Event], T]) -> dict[T, list[Event]]:
    groups: dict[T, list[Event]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def users(events: Iterable[Event]) -> set[str]:
    return {event.user for event in events if event.user}


def percentile(values: Iterable[float], level: float) -> float | None:
    """sorted[min(floor(level × n), n − 1)]; nothing of nothing."""
    ordered = sorted(values)
    return ordered[min(int(level * len(ordered)), len(ordered) - 1)] if ordered else None


def mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
