"""The client."""

from __future__ import annotations

import ssl
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from ._commerce import Commerce
from ._connections import Connections
from ._errors import EventNotFoundError
from ._export import Exports
from ._parameters import target_of
from ._questions import Questions
from ._tail import Tails
from ._types import Json
from ._writes import Writes

DEFAULT_EVENT_NAMES = ("event_a", "event_b", "event_c")
# Seconds.
PROBE_TIMEOUT = 5.0
# How many events are asked for at once when a conversation is read.
PAGE_EVENTS = 1_000


class EventClient(Writes, Questions, Commerce, Exports, Tails):
    """Writes, reads and analyses events. One instance serves any number of threads.

    `timeout` is for connecting, for sending, and for each piece of an answer, in seconds. `max_retries` is
    the number of attempts in all; `retry_delay` is the time before the second, in seconds, and doubles from
    then on. `api_key` or `tenant` tell whose events these are, `event_names` which names the server takes
    (None: any). `base_url` may hold `user:password@`, sent as Basic authentication; `ssl_context` is for
    https. HTTP_PROXY, HTTPS_PROXY and NO_PROXY are obeyed as they are when the client is made.
    """

    def __init__(
        self,
        base_url: str = "http://localhost:8080",
        timeout: float = 30.0,
        max_retries: int = 3,
        retry_delay: float = 1.0,
        *,
        api_key: str | None = None,
        tenant: str | None = None,
        event_names: Sequence[str] | None = DEFAULT_EVENT_NAMES,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.timeout = timeout
        self.max_retries = max_retries
        self.retry_delay = retry_delay
        self.event_names = None if event_names is None else tuple(event_names)
        headers = {}
        if api_key is not None:
            headers["Authorization"] = f"Bearer {api_key}"
        if tenant is not None:
            headers["X-Tenant"] = tenant
        self._connections = Connections(base_url, headers, ssl_context)
        # Without the password, since errors name it.
        self.base_url = self._connections.base_url

    def __enter__(self) -> EventClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get_event(self, event_id: str) -> Json | None:
        """The event, or None if there is no such event."""
        target = target_of("/event/", "event_id", event_id)
        try:
            event: Json | None = self._request("GET", target).get("data")
        except EventNotFoundError as error:
            if isinstance(error.response, dict) and error.response.get("code") == "not_found":
                return None
            raise
        return event

    def get_events_by_conversation(
        self, conversation_id: str, *, include_embeddings: bool = True
    ) -> list[Json]:
        """All events of a conversation, oldest first."""
        target = target_of("/events/conversation/", "conversation_id", conversation_id)
        query = {"limit": str(PAGE_EVENTS), "include_embeddings": str(include_embeddings).lower()}
        events: list[Json] = []
        while True:
            page = self._request("GET", f"{target}?{urlencode(query)}")
            events += page.get("data") or []
            if not page.get("next_cursor"):
                return events
            query["cursor"] = page["next_cursor"]

    def health_check(self) -> bool:
        """Whether the API says that it serves. Asks once, with a `timeout` of five seconds; never raises."""
        return self._answers("/health", PROBE_TIMEOUT)

    def wait_until_ready(self, timeout: float = 60.0, interval: float = 2.0) -> bool:
        """Asks every `interval` seconds whether the API can write and read; False after `timeout` seconds.

        An answer that comes in pieces may take longer.
        """
        deadline = time.monotonic() + timeout
        while not self._answers("/ready", min(PROBE_TIMEOUT, max(0.1, deadline - time.monotonic()))):
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(interval, left))
        return True

    def _answers(self, path: str, timeout: float) -> bool:
        try:
            return self._attempt("GET", path, timeout=min(timeout, self.timeout)).get("success") is True
        except Exception:  # noqa: BLE001, whatever it is, that is no "yes"
            return False


def create_client(base_url: str = "http://localhost:8080", **options: Any) -> EventClient:
    """`EventClient` with these options."""
    return EventClient(base_url, **options)
