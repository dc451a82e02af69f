"""What a call fails by."""

from __future__ import annotations

from collections.abc import Sequence

from ._types import Json


class EventSDKError(Exception):
    """A call failed. `response` is the answer's JSON, else its text; None if there was no answer."""

    def __init__(
        self, message: str, status_code: int | None = None, response: Json | str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status_code = status_code
        self.response = response


class EventNotFoundError(EventSDKError):
    """There is no such event (404), or, if `response` has no code `not_found`, no Millrace at that URL."""


class EventValidationError(EventSDKError):
    """The call itself is wrong: the server said so (400), or it was not even sent."""


class EventUnavailableError(EventSDKError):
    """No whole answer, 408, 425, 429 or 5xx, after all attempts.

    `retry_after` is how long the server asks to wait, in seconds. For more than `MAX_RETRY_AFTER` a call does
    not wait, but fails at once. `event_ids` are those of the events that were to be created: sent again with
    them they are the same events.
    """

    retry_after: float = 0.0
    event_ids: Sequence[str] = ()
