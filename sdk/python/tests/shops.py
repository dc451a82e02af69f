"""Shops that `millrace-benchmark generate commerce` makes up, in Millrace and in a file."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, Callable, TypeVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from installation import Installation, binary
from oracle.events import Event, millis, read
from oracle.scope import Scope

T = TypeVar("T")

# Questions whose parameters are JSON.
ASKED_BY_JSON = ("/query", "/retention")

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "America/Santiago")


@dataclass
class Shop:
    """One in which people have been buying for some days, ending at a time."""

    millrace: Installation
    tenant: str
    users: int
    days: int
    until: datetime
    events: list[Event] = field(default_factory=list)

    def generate(self, *to: str) -> None:
        tool = binary().with_name("millrace-benchmark")
        shop = ["--seed=7", f"--users={self.users}", f"--days={self.days}"]
        whose = [f"--until={self.until.isoformat()}", f"--tenant={self.tenant}"]
        subprocess.run([tool, "generate", "commerce", "--quiet", *shop, *whose, *to], check=True)

    def open(self, folder: Path) -> Shop:
        """Returns when all of it is in the table."""
        file = folder / f"{self.tenant}.ndjson"
        self.generate("--to", "ndjson", str(file))
        self.events = read(file, self.tenant)
        self.send()
        return self

    def send(self) -> None:
        self.generate(f"--url={self.millrace.url}")
        self.millrace.catch_up()

    def ask(self, path: str, parameters: dict[str, Any]) -> Any:
        """The answer, its numbers exact."""
        body = {"q": json.dumps(parameters)} if path in ASKED_BY_JSON else parameters
        url = f"{self.millrace.url}{path}?{urlencode(body)}"
        request = urllib.request.Request(url, headers={"X-Tenant": self.tenant})
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read(), parse_float=Decimal)["data"]


@dataclass
class Asked:
    """A shop, asked about a range of local days."""

    shop: Shop
    first: date
    end: date
    zone: str

    def ask(self, path: str, **parameters: Any) -> Any:
        period = {"from": self.first.isoformat(), "to": self.end.isoformat(), "timezone": self.zone}
        return self.shop.ask(path, {**period, **parameters})

    def compare(
        self, path: str, expected: Callable[[Scope], T], check: Callable[[Any, T], None], **parameters: Any
    ) -> None:
        """Asks and computes; again if a moment later the computation says something else: time goes on."""
        while True:
            before = expected(self.scope())
            answer = self.ask(path, **parameters)
            if expected(self.scope()) == before:
                check(answer, before)
                return

    def scope(self) -> Scope:
        zone = ZoneInfo(self.zone)
        first, end = (
            millis(datetime(day.year, day.month, day.day, tzinfo=zone)) for day in (self.first, self.end)
        )
        return Scope.of(self.shop.events, first, end, self.zone, int(time.time() * 1_000))


def autumn(millrace: Installation) -> Shop:
    """Santiago's clocks go forward on 6 September, Berlin's back on 25 October, New York's on 1 November."""
    return Shop(millrace, "autumn", 60, 66, datetime(2026, 11, 5, 13, 37, tzinfo=timezone.utc))


def spring(millrace: Installation) -> Shop:
    """New York's go forward on 8 March, Berlin's on 29 March, and Santiago's back on 5 April."""
    return Shop(millrace, "spring", 90, 40, datetime(2026, 4, 10, 9, 11, tzinfo=timezone.utc))


def today(millrace: Installation) -> Shop:
    """One that is open: days, windows and carts are unfinished."""
    now = datetime.now(timezone.utc)
    return Shop(millrace, "today", 250, 20, now - timedelta(microseconds=now.microsecond % 1_000))


def period(shop: str) -> tuple[date, date]:
    """The local days that a shop is asked about: autumn's end before it does, the others' later."""
    if shop == "autumn":
        return date(2026, 9, 4), date(2026, 11, 3)
    if shop == "spring":
        return date(2026, 3, 5), date(2026, 4, 12)
    today = datetime.now(timezone.utc).date()
    return today - timedelta(days=15), today + timedelta(days=2)
