"""Whether an answer says what it must."""

from __future__ import annotations

import math
from datetime import datetime
from decimal import Decimal
from typing import Any

from oracle.events import millis

TIMES = ("start", "last_sold_at")


def moment(text: str) -> int:
    """Unix milliseconds of an RFC 3339 time."""
    return millis(datetime.fromisoformat(text.replace("Z", "+00:00")))


def same_rows(got: list[dict[str, Any]], expected: list[dict[str, Any]], *keys: str) -> None:
    """Rows are known by their keys; their order is free, and those that say nothing may be left out."""
    answered, wanted = table(got, keys), table(expected, keys)
    assert any(map(says_something, wanted.values())), "there is nothing to compare"
    wrong = [
        f"{dict(zip(keys, key))}: {difference}"
        for key in {**answered, **wanted}
        for difference in differences(answered.get(key), wanted.get(key))
    ]
    assert not wrong, f"{len(wrong)} of {len(wanted)} rows:\n" + "\n".join(wrong[:20])


def same(got: dict[str, Any], expected: dict[str, Any]) -> None:
    wrong = differences(got, expected)
    assert not wrong, "\n".join(wrong)


def table(rows: list[dict[str, Any]], keys: tuple[str, ...]) -> dict[tuple[Any, ...], dict[str, Any]]:
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        read = {name: value_of(name, value) for name, value in row.items()}
        # An absent text is null or empty.
        key = tuple(read.get(name) or "" for name in keys)
        assert key not in found, f"{dict(zip(keys, key))} is there twice"
        found[key] = {name: value for name, value in read.items() if name not in keys}
    return found


def value_of(name: str, value: Any) -> Any:
    return moment(value) if name in TIMES and isinstance(value, str) else value


def differences(got: dict[str, Any] | None, expected: dict[str, Any] | None) -> list[str]:
    if got is None or expected is None:
        there = got if expected is None else expected
        if there is None or not says_something(there):
            return []
        return [f"{there} is {'not expected' if expected is None else 'missing'}"]
    return [
        f"{name} is {got.get(name, 'absent')}, not {value}"
        for name, value in expected.items()
        if name not in got or not equal(got[name], value)
    ]


def says_something(row: dict[str, Any]) -> bool:
    return any(bool(value) for value in row.values())


def equal(got: Any, expected: Any) -> bool:
    """Counts, texts and money are exact; ratios and times differ in how floats are added up."""
    if isinstance(expected, float) and isinstance(got, (int, float, Decimal)) and not isinstance(got, bool):
        return math.isclose(float(got), expected, rel_tol=1e-9)
    if isinstance(expected, list) and isinstance(got, list):
        return len(got) == len(expected) and all(map(equal, got, expected))
    return bool(got == expected)
