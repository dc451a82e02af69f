"""What is sent, and which part of it can't be."""

from __future__ import annotations

import contextlib
import json
import math
import operator
import uuid
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import date
from datetime import time as time_of_day
from decimal import Decimal
from enum import Enum
from typing import Any, Callable

from ._errors import EventValidationError


def _plain(value: Any) -> Any:
    """The JSON form of what `json` doesn't know."""
    for kinds, form in _FORMS:
        if isinstance(value, kinds):
            return form(value)
    if getattr(getattr(value, "dtype", None), "kind", None) in ("M", "m"):
        # `tolist` makes numbers of some, whose unit is lost.
        raise TypeError("a date of numpy's has no JSON form, but a datetime has")
    for name in ("tolist", "__array__", "__index__"):
        if hasattr(value, name):
            # numpy's, torch's and their likes
            return getattr(value, name)()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _moment(value: date | time_of_day) -> str:
    if value != value:  # noqa: PLR0124, pandas has a date that is none
        raise ValueError(f"{value} is no date")
    return value.isoformat()


def _number(value: Decimal) -> int | float:
    return float(value) if value.as_tuple().exponent else int(value)


_FORMS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    ((date, time_of_day), _moment),
    (uuid.UUID, str),
    (Decimal, _number),
    (Enum, operator.attrgetter("value")),
    (Mapping, dict),
    ((deque, range), list),
)
_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)


def encode(fields: Any) -> bytes:
    try:
        return _JSON.encode(fields).encode()
    except Exception as error:  # a value's own methods may raise anything
        path, reason = _culprit("", fields, error)
        raise EventValidationError(f"{path or 'it'} can't be sent as JSON: {reason}") from error


def _culprit(path: str, value: Any, reason: Exception) -> tuple[str, Exception]:
    """The path of the innermost part without a JSON form, such as `properties.scores[1]`, and the reason."""
    with contextlib.suppress(Exception):
        value = value if isinstance(value, (Mapping, list, tuple)) else _plain(value)
    parts: Iterable[tuple[str, Any]] = ()
    if isinstance(value, Mapping):
        parts = ((f"{path}.{name}" if path else str(name), part) for name, part in value.items())
    elif isinstance(value, (list, tuple)):
        parts = ((f"{path}[{place}]", part) for place, part in enumerate(value))
    # A list may be in itself.
    if len(path) < 200:
        for part_path, part in parts:
            try:
                _JSON.encode(part).encode()
            except Exception as part_reason:  # noqa: BLE001, as above
                return _culprit(part_path, part, part_reason)
    return path, reason


def check_latency(latency: Any) -> None:
    if isinstance(latency, float) and not math.isfinite(latency):
        raise EventValidationError("latency must be a finite number")
