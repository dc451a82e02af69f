"""Answers of the server, and the errors that they are."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, Callable, NamedTuple

from ._errors import EventNotFoundError, EventSDKError, EventUnavailableError, EventValidationError
from ._types import Json

# What makes a number of the text of one with a fraction.
ParseFloat = Callable[[str], Any]


class Answer(NamedTuple):
    status: int
    retry_after: str
    body: bytes
    # Whether the server marks the end of its answers, other than by the end of the connection.
    ends: bool


def envelope(answer: Answer, parse_float: ParseFloat = float) -> Json:
    """The answer's JSON object, or the error that the answer is."""
    status, response = answer.status, _object(answer.body, parse_float)
    if isinstance(response, str):
        message = f"the server answered {status} without a JSON object"
    elif 200 <= status < 300:
        return response
    else:
        message = str(response.get("error") or f"the server answered {status}")
    # A refusal may be as short as it likes.
    broken_off = 200 <= status < 300 and not answer.ends
    if status in (408, 425, 429) or status >= 500 or broken_off:
        unavailable = EventUnavailableError(message, status, response)
        unavailable.retry_after = _seconds(answer.retry_after)
        raise unavailable
    errors: dict[int, type[EventSDKError]] = {400: EventValidationError, 404: EventNotFoundError}
    raise errors.get(status, EventSDKError)(message, status, response)


def _object(body: bytes, parse_float: ParseFloat) -> Json | str:
    """A JSON object, or the text of what is none."""
    try:
        value = json.loads(body, parse_float=parse_float)
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, dict) else body.decode(errors="replace")


def data_of(response: Json | str | None) -> Json:
    """The object in an answer, empty if there is none."""
    data = response.get("data") if isinstance(response, dict) else None
    return data if isinstance(data, dict) else {}


def results_of(response: Json | str | None) -> list[Json] | None:
    """What became of each event of a batch, if the answer tells."""
    results = data_of(response).get("results")
    told = isinstance(results, list) and all(isinstance(result, dict) for result in results)
    return results if told else None


def _seconds(retry_after: str) -> float:
    """How long from now: seconds or a date (RFC 9110, 10.2.3); 0 if it is neither."""
    if retry_after.isdecimal():
        # Never infinite, since nobody can wait for that.
        return min(float(retry_after), 1e9)
    try:
        at = parsedate_to_datetime(retry_after)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    at = at if at.tzinfo else at.replace(tzinfo=timezone.utc)
    return max(0.0, (at - datetime.now(timezone.utc)).total_seconds())
