"""Amounts, exactly."""

from __future__ import annotations

import re
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from typing import Any

PLACES = Decimal("0.0001")
PLAIN = re.compile(r"-?[0-9]+(\.[0-9]+)?")
# More digits than any sum here has.
EXACT = Context(prec=60)


def amount(value: Any) -> Decimal | None:
    """A number or a decimal string, cut to four places; nothing if it can't be read."""
    if isinstance(value, str) and PLAIN.fullmatch(value):
        value = Decimal(value)
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return None
    return Decimal(value).quantize(PLACES, ROUND_DOWN, EXACT)


def quotient(part: Decimal, whole: Decimal) -> Decimal | None:
    """Rounded to four places."""
    return EXACT.divide(part, whole).quantize(PLACES, ROUND_HALF_UP, EXACT) if whole else None


def count(value: Any) -> int | None:
    """A whole number, or its digits."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]+", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


class Sum:
    """A sum of amounts, and how many could not be read."""

    def __init__(self) -> None:
        self.total = Decimal(0)
        self.events = 0
        self.unreadable = 0

    def add(self, value: Any) -> None:
        read = amount(value)
        self.events += 1
        if read is None:
            self.unreadable += 1
        else:
            self.total = EXACT.add(self.total, read)
