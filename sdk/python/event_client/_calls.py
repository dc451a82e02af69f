"""Calls, and their attempts."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterator, Mapping
from http.client import HTTPException, HTTPResponse
from typing import Any

from ._answers import ParseFloat, data_of, envelope
from ._connections import Connections, read
from ._encoding import encode
from ._errors import EventSDKError, EventUnavailableError
from ._parameters import address, given, period
from ._types import Json

# Seconds.
MAX_BACKOFF = 30.0
MAX_RETRY_AFTER = 60.0


class Calls:
    """Asks one server."""

    timeout: float
    max_retries: int
    retry_delay: float
    base_url: str
    _connections: Connections

    def close(self) -> None:
        """Closes the idle connections. A later call opens a new one."""
        self._connections.close()

    def _rows(self, path: str, **query: str | int | None) -> list[Json]:
        return self._find(path, {}, **query)

    def _ask(self, path: str, question: Json, when: Mapping[str, Any]) -> Json:
        """`data` of the answer to a question that is a body."""
        return data_of(self._request("POST", path, encode(given({**question, **period(when)}))))

    def _list(self, path: str, question: Json, when: Mapping[str, Any], **query: Any) -> list[Json]:
        """The rows of the answer to a question that is a body, of those that `query` says."""
        body = encode(given({**question, **period(when)}))
        return self._request("POST", address(path, {}, query), body).get("data") or []

    def _find(self, path: str, when: Mapping[str, Any], **query: Any) -> list[Json]:
        """The rows that a question in the address finds."""
        return self._request("GET", address(path, when, query)).get("data") or []

    def _request(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: str = "",
        attempts: int | None = None,
        timeout: float | None = None,
        parse_float: ParseFloat = float,
    ) -> Json:
        """The answer of the first attempt that gets one; `parse_float` makes its numbers with a fraction."""
        attempts = self.max_retries if attempts is None else attempts
        attempt = 1
        while True:
            try:
                return self._attempt(method, target, body, headers, timeout, parse_float)
            except EventUnavailableError as error:
                self._wait(attempt, attempts, error)
            attempt += 1

    def _wait(self, attempt: int, attempts: int, error: EventUnavailableError) -> None:
        """Waits for the attempt after that one; raises what that one failed by if there is to be none."""
        if attempt >= attempts or error.retry_after > MAX_RETRY_AFTER:
            raise error
        time.sleep(self._delay(attempt, error))

    def _delay(self, attempt: int, error: EventUnavailableError, most: float = MAX_BACKOFF) -> float:
        """How long to wait after that attempt, in seconds."""
        backoff = min(most, self.retry_delay * 2.0 ** min(attempt - 1, 30))
        return max(error.retry_after, backoff * random.uniform(1.0, 1.5))

    def _attempt(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: str = "",
        timeout: float | None = None,
        parse_float: ParseFloat = float,
    ) -> Json:
        timeout = self.timeout if timeout is None else timeout
        with self._unavailable():
            answer = self._connections.exchange(method, target, headers, body, timeout)
        return envelope(answer, parse_float)

    @contextlib.contextmanager
    def _streamed(
        self, target: str, timeout: float, headers: str = "", failure: str = "no answer from {}"
    ) -> Iterator[HTTPResponse]:
        """One attempt to get an answer that is read as it comes, each piece within `timeout` seconds."""
        with (
            self._unavailable(failure),
            self._connections.answer(
                "GET", target, headers, timeout=self.timeout, patience=timeout
            ) as response,
        ):
            if response.status == 200:
                yield response
                return
            refusal = read(response)
        envelope(refusal)
        raise EventSDKError(f"the server answered {refusal.status} in place of 200", refusal.status)

    @contextlib.contextmanager
    def _unavailable(self, failure: str = "no answer from {}") -> Iterator[None]:
        """What a connection fails by is an `EventUnavailableError`."""
        try:
            yield
        except (OSError, HTTPException, ValueError, OverflowError, MemoryError) as error:
            # The last three are of absurd lengths and hosts.
            raise EventUnavailableError(f"{failure.format(self.base_url)}: {error!r}") from error
