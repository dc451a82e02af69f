"""What questions and addresses are made of."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from ._encoding import encode
from ._errors import EventValidationError
from ._types import Json


def period(when: Mapping[str, Any]) -> Json:
    """The times of a question, by the names that the API has for them."""
    unknown = when.keys() - {"start", "end", "days", "timezone", "week_start", "exact"}
    if unknown:
        raise TypeError(f"unknown arguments: {', '.join(sorted(unknown))}")
    names = {"start": "from", "end": "to"}
    return {names.get(name, name): value for name, value in when.items()}


def address(path: str, when: Mapping[str, Any], query: Mapping[str, Any]) -> str:
    """The path with what is asked behind it."""
    asked = given({**query, **period(when)})
    return f"{path}?{urlencode({name: _text(value) for name, value in asked.items()})}"


def _text(value: Any) -> str:
    """As a query string has it: a text as it is, anything else as JSON."""
    encoded = encode(value).decode()
    plain = json.loads(encoded)
    return plain if isinstance(plain, str) else encoded


def given(question: Mapping[str, Any]) -> Json:
    """Without what is absent: None, and lists of nothing."""
    return {name: value for name, value in question.items() if value is not None and value != ()}


def target_of(path: str, name: str, value: str) -> str:
    """The path of an event or a conversation."""
    value = str(value) if isinstance(value, uuid.UUID) else value
    if not isinstance(value, str) or not value:
        raise EventValidationError(f"{name} is required")
    try:
        return path + quote(value, safe="")
    except UnicodeEncodeError as error:
        raise EventValidationError(f"{name} is no Unicode text: {error}") from error


def idempotency(key: str | None) -> str:
    """The header by which the server knows the attempts of one call."""
    key = str(uuid.uuid4()) if key is None else key
    if not (isinstance(key, str) and 1 <= len(key) <= 255 and key.isascii() and key.isprintable()):
        raise EventValidationError("idempotency_key must be 1 to 255 printable ASCII characters")
    return f"Idempotency-Key: {key}\r\n"
