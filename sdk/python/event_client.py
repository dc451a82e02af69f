"""Client of the Millrace event API. One file, the standard library alone: copy it or install it.

    with EventClient("http://localhost:8080") as client:
        event_id = client.track_event("chat-1", "event_a", latency=120.5)

`buffered_event_client.py` beside it sends events in the background.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import math
import operator
import os
import random
import secrets
import socket
import ssl
import threading
import time
import uuid
from base64 import b64encode
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from datetime import time as time_of_day
from decimal import Decimal
from email.utils import parsedate_to_datetime
from enum import Enum
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, Callable, NamedTuple, Protocol, SupportsFloat, Union
from urllib.parse import SplitResult, quote, unquote, urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

__version__ = "0.1.0"

Json = dict[str, Any]


class _Array(Protocol):
    def tolist(self) -> Any:
        """A list of its numbers."""


# Each `{"field": …, "op": …, "values": […]}`.
Filters = Sequence[Mapping[str, Any]]
# A list of numbers, or an array of numpy's, of torch's and their likes.
Vector = Union[Sequence[float], _Array]

DEFAULT_EVENT_NAMES = ("event_a", "event_b", "event_c")
# Seconds.
MAX_BACKOFF = 30.0
MAX_RETRY_AFTER = 60.0
MAX_WAIT = 10.0
PROBE_TIMEOUT = 5.0
MAX_IDLE = 60.0
# A tail says every 15 seconds that it is there.
TAIL_TIMEOUT = 45.0
# How many events are asked for at once when a conversation is read.
PAGE_EVENTS = 1_000


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


class EventClient:
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
        self._connections = _Connections(base_url, headers, ssl_context)
        # Without the password, since errors name it.
        self.base_url = self._connections.base_url

    def __enter__(self) -> EventClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the idle connections. A later call opens a new one."""
        self._connections.close()

    def track_event(
        self,
        conversation_id: str,
        event_name: str,
        error: str = "",
        latency: SupportsFloat = 0.0,
        input: str = "",
        input_embeddings: Vector | None = None,
        output: str = "",
        output_embeddings: Vector | None = None,
        conversation_metadata: str | Mapping[str, Any] = "",
        *,
        user_id: str = "",
        tags: Sequence[str] | None = None,
        properties: Mapping[str, Any] | None = None,
        timestamp: datetime | None = None,
        event_id: str | None = None,
        message_id: str | None = None,
        wait: bool = False,
    ) -> str:
        """Sends an event; returns its id once the server keeps it.

        `latency` is in milliseconds, 0 if not measured; `timestamp` is when it happened, now by default. The
        same `event_id` is the same event; by default a new one is made, from the timestamp. With an id of
        your own in `message_id`, the server makes the event's from that and the timestamp. With `wait` the
        event can be read when this returns, unless that would take more than ten seconds.
        """
        event = self._event(
            {
                "conversation_id": conversation_id,
                "event_name": event_name,
                "error": error,
                "latency": latency,
                "input": input,
                "input_embeddings": input_embeddings,
                "output": output,
                "output_embeddings": output_embeddings,
                "conversation_metadata": conversation_metadata,
                "user_id": user_id,
                "tags": tags,
                "properties": properties,
                "timestamp": timestamp,
                "id": event_id,
                "message_id": message_id,
            }
        )
        try:
            answer = self._request("POST", "/event" + self._waiting(wait), _encode(event))
        except EventUnavailableError as unavailable:
            unavailable.event_ids = _ids([event])
            raise
        event_id = event.get("id") or _data(answer).get("id")
        if not event_id:
            raise EventSDKError("the answer does not tell the id of the event", response=answer)
        return str(event_id)

    def track_events(self, events: Iterable[Mapping[str, Any]], *, wait: bool = False) -> list[Json]:
        """Sends up to 5,000 events at once, each with the fields of `track_event` (its `event_id` as `id`).

        Returns a result for each: `{"id"}` if it is kept, `{"error", "code"}` if it is wrong. Raises if the
        server could not take all in; if it could tell which, that is in `response["data"]["results"]`.
        """
        results: list[Json] = []
        bodies: dict[int, bytes] = {}
        for place, fields in enumerate(events):
            try:
                event = _with_id(fields)
                bodies[place] = _encode(event)
                results.append(event)
            except EventValidationError as error:
                results.append({"error": error.message, "code": "invalid_field"})
        if bodies:
            try:
                sent = self._send_batch(list(bodies.values()), wait=wait)
            except EventUnavailableError as unavailable:
                unavailable.event_ids = _ids(results)
                raise
            for place, result in zip(bodies, sent):
                results[place] = result
        return results

    def update_event(
        self,
        event_id: str,
        event_name: str | None = None,
        error: str | None = None,
        latency: SupportsFloat | None = None,
        input: str | None = None,
        input_embeddings: Vector | None = None,
        output: str | None = None,
        output_embeddings: Vector | None = None,
        conversation_metadata: str | Mapping[str, Any] | None = None,
        *,
        user_id: str | None = None,
        tags: Sequence[str] | None = None,
        properties: Mapping[str, Any] | None = None,
        wait: bool = False,
        idempotency_key: str | None = None,
    ) -> Json:
        """Changes what is passed and leaves the rest; `""`, 0 and `[]` clear. Returns the server's answer.

        All attempts have the same `idempotency_key`, so that a late one doesn't undo a newer change. Pass one
        of your own if your program may repeat the call.
        """
        target = _target("/event/", "event_id", event_id)
        changes = {
            "event_name": event_name,
            "error": error,
            "latency": latency,
            "input": input,
            "input_embeddings": input_embeddings,
            "output": output,
            "output_embeddings": output_embeddings,
            "conversation_metadata": conversation_metadata,
            "user_id": user_id,
            "tags": tags,
            "properties": properties,
        }
        changes = {name: value for name, value in changes.items() if value is not None}
        if not changes:
            raise EventValidationError("an update must change something")
        if event_name is not None:
            self._check_name(event_name)
        _check_latency(latency)
        body, headers = _encode(changes), _idempotency(idempotency_key)
        return self._request("PUT", target + self._waiting(wait), body, headers)

    def delete_event(self, event_id: str, *, wait: bool = False) -> Json:
        """Deletes an event for good; returns the server's answer.

        With `wait`, an event that isn't there is an `EventNotFoundError`; also if a first attempt, whose
        answer got lost, has deleted it.
        """
        return self._request("DELETE", _target("/event/", "event_id", event_id) + self._waiting(wait))

    def get_event(self, event_id: str) -> Json | None:
        """The event, or None if there is no such event."""
        target = _target("/event/", "event_id", event_id)
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
        target = _target("/events/conversation/", "conversation_id", conversation_id)
        query = {"limit": str(PAGE_EVENTS), "include_embeddings": str(include_embeddings).lower()}
        events: list[Json] = []
        while True:
            page = self._request("GET", f"{target}?{urlencode(query)}")
            events += page.get("data") or []
            if not page.get("next_cursor"):
                return events
            query["cursor"] = page["next_cursor"]

    def get_error_counts(self, event_name: str, days: int = 7) -> list[Json]:
        """`error_count` and `total_count` by `date` (UTC) over the last `days` × 24 hours, oldest first."""
        if not event_name:
            raise EventValidationError("event_name is required")
        return self._rows("/analytics/errors", event_name=event_name, days=days)

    def get_latency_stats(self, limit: int = 100, *, days: int | None = None) -> list[Json]:
        """The slowest conversations and event names by `p95_latency`, in milliseconds."""
        return self._rows("/analytics/latency", limit=limit, days=days)

    def get_top_error_sessions(
        self, limit: int = 100, *, days: int | None = None, min_events: int = 1
    ) -> list[Json]:
        """The conversations with the highest `error_rate`, 0 to 1, among those with `min_events`."""
        return self._rows("/analytics/sessions/top-errors", limit=limit, days=days, min_events=min_events)

    def query(
        self,
        metrics: Sequence[str | Mapping[str, str]],
        *,
        filters: Filters = (),
        breakdown: Mapping[str, Any] | None = None,
        interval: str | None = None,
        compare: str | None = None,
        **when: Any,
    ) -> Json:
        """Metrics over time: `buckets` and `series`, one for each metric and value of the breakdown.

        `metrics` are names, such as `"events"` and `"latency_p95"`, or functions of a field, such as
        `{"sum": "properties.price"}`. This and the other questions take `start` and `end` (datetimes, dates
        in `timezone`, or their texts) or `days`, `timezone` and, where there are weeks, `week_start`.
        docs/questions.md says what everything means.
        """
        question = {"metrics": metrics, "filters": filters, "breakdown": breakdown, "interval": interval}
        return self._ask("/query", {**question, "compare": compare}, when)

    def funnel(
        self,
        steps: Sequence[Mapping[str, Any]],
        window: str = "7d",
        *,
        order: str = "loose",
        entry: str = "latest",
        exclusions: Sequence[Mapping[str, Any]] = (),
        breakdown: Mapping[str, Any] | None = None,
        attribution: str | int | None = None,
        **when: Any,
    ) -> Json:
        """How many users get how far: each step is a `name` and the `filters` of its events."""
        question = {
            "steps": steps,
            "window": window,
            "order": order,
            "entry": entry,
            "exclusions": exclusions,
        }
        return self._ask("/funnel", {**question, "breakdown": breakdown, "attribution": attribution}, when)

    def retention(
        self,
        start_filters: Filters = (),
        return_filters: Filters = (),
        *,
        period: str = "day",
        periods: int = 7,
        mode: str = "first",
        count: str = "on",
        kind: str = "calendar",
        **when: Any,
    ) -> Json:
        """How many of those who began in a period came back in each of the next ones."""
        question = {"start": {"filters": start_filters}, "return": {"filters": return_filters}}
        how = {"period": period, "periods": periods, "mode": mode, "count": count, "kind": kind}
        return self._ask("/retention", {**question, **how}, when)

    def paths(self, start_filters: Filters, *, steps: int = 3, top: int = 5, **when: Any) -> Json:
        """What comes after an event in its session: `nodes` and `links`."""
        return self._ask("/paths", {"start": {"filters": start_filters}, "steps": steps, "top": top}, when)

    def get_events(
        self,
        filters: Filters = (),
        *,
        order: str = "newest",
        limit: int = 100,
        full: bool = False,
        **when: Any,
    ) -> list[Json]:
        """The events behind a number; with `full`, their properties and whole texts too."""
        return self._find("/events", when, filters=filters, order=order, limit=limit, full=full)

    def get_users(
        self, filters: Filters = (), *, order: str = "last_seen", limit: int = 100, **when: Any
    ) -> list[Json]:
        """The users of events, by when they were last seen or by how many events they have."""
        return self._find("/users", when, filters=filters, order=order, limit=limit)

    def get_error_groups(self, filters: Filters = (), **when: Any) -> list[Json]:
        """Errors that say the same but for numbers, ids and quoted parts, by how many there are."""
        return self._find("/errors/groups", when, filters=filters)

    def search(self, text: str, *, limit: int = 100, **when: Any) -> list[Json]:
        """Events whose input, output or error has all words and `"phrases"` and no `-word`, newest first."""
        return self._find("/search", when, q=text, limit=limit)

    def tail(self, filters: Filters = (), *, after: str = "") -> Generator[Json, None, None]:
        """What is done to events while it is taken in: from now on, or behind the message of the id `after`.

        Each is `{"event": …, "id": …, "data": …}`: `created` with the event, `updated` with its id and what
        changed, `deleted` with its id, or `missed` with a `count` if this reads too slowly. It begins when it
        is iterated and ends with the API; raises EventUnavailableError if the connection breaks.
        """
        headers = f"Accept: text/event-stream\r\nLast-Event-ID: {after}\r\n"
        target = "/tail?" + urlencode({"filters": _text(filters)})
        try:
            with self._connections.listen(target, headers, TAIL_TIMEOUT) as response:
                if response.status != 200:
                    retry_after = response.getheader("Retry-After", "")
                    _envelope(_Answer(response.status, retry_after, response.read(), True))
                yield from _messages(response)
        except (OSError, HTTPException, ValueError) as error:
            raise EventUnavailableError(f"the tail of {self.base_url} broke off: {error!r}") from error

    def get_schema(self) -> Json:
        """`event_names` and `fields` of the last day."""
        return _data(self._request("GET", "/schema"))

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

    def _event(self, fields: Mapping[str, Any]) -> Json:
        """The event as it is sent, checked."""
        if not fields["conversation_id"]:
            raise EventValidationError("conversation_id is required")
        self._check_name(fields["event_name"])
        _check_latency(fields["latency"])
        return _with_id(fields)

    def _check_name(self, event_name: str) -> None:
        if not event_name:
            raise EventValidationError("event_name is required")
        if self.event_names is not None and event_name not in self.event_names:
            raise EventValidationError(f"event_name must be one of: {', '.join(self.event_names)}")

    def _send_batch(
        self,
        bodies: Sequence[bytes],
        *,
        wait: bool = False,
        packed: bool = False,
        attempts: int | None = None,
        timeout: float | None = None,
    ) -> list[Json]:
        """Sends events that are encoded already; a result for each."""
        body, headers = b'{"events":[' + b",".join(bodies) + b"]}", ""
        if packed:
            body, headers = gzip.compress(body, compresslevel=1), "Content-Encoding: gzip\r\n"
        response: Json | str | None
        refusal = None
        try:
            target = "/events" + self._waiting(wait)
            response = self._request("POST", target, body, headers, attempts, timeout)
        except EventValidationError as error:
            # Not one of them was right.
            refusal, response = error, error.response
        results = _results(response)
        if results is None or len(results) != len(bodies):
            raise refusal or EventSDKError(
                "the answer does not tell what became of each event", response=response
            )
        return results

    def _waiting(self, wait: bool) -> str:
        """The server answers before this client gives up on it."""
        return f"?wait={int(min(MAX_WAIT, self.timeout / 2) * 1_000)}ms" if wait else ""

    def _rows(self, path: str, **query: str | int | None) -> list[Json]:
        given = {name: value for name, value in query.items() if value is not None}
        return self._request("GET", f"{path}?{urlencode(given)}").get("data") or []

    def _ask(self, path: str, question: Json, when: Mapping[str, Any]) -> Json:
        """`data` of the answer to a question that is a body."""
        return _data(self._request("POST", path, _encode(_given({**question, **_period(when)}))))

    def _find(self, path: str, when: Mapping[str, Any], **query: Any) -> list[Json]:
        """The rows that a question in the address finds."""
        given = _given({**query, **_period(when)})
        texts = {name: _text(value) for name, value in given.items()}
        return self._request("GET", f"{path}?{urlencode(texts)}").get("data") or []

    def _answers(self, path: str, timeout: float) -> bool:
        try:
            return self._attempt("GET", path, timeout=min(timeout, self.timeout)).get("success") is True
        except Exception:  # noqa: BLE001, whatever it is, that is no "yes"
            return False

    def _request(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        headers: str = "",
        attempts: int | None = None,
        timeout: float | None = None,
    ) -> Json:
        """The answer of the first attempt that gets one."""
        attempts = self.max_retries if attempts is None else attempts
        attempt = 1
        while True:
            try:
                return self._attempt(method, target, body, headers, timeout)
            except EventUnavailableError as error:
                if attempt >= attempts or error.retry_after > MAX_RETRY_AFTER:
                    raise
                delay = self._delay(attempt, error)
            time.sleep(delay)
            attempt += 1

    def _delay(self, attempt: int, error: EventUnavailableError, most: float = MAX_BACKOFF) -> float:
        """How long to wait after that attempt, in seconds."""
        backoff = min(most, self.retry_delay * 2.0 ** min(attempt - 1, 30))
        return max(error.retry_after, backoff * random.uniform(1.0, 1.5))

    def _attempt(
        self, method: str, target: str, body: bytes = b"", headers: str = "", timeout: float | None = None
    ) -> Json:
        timeout = self.timeout if timeout is None else timeout
        try:
            answer = self._connections.exchange(method, target, headers, body, timeout)
        except (OSError, HTTPException, ValueError, OverflowError, MemoryError) as error:
            # The last three are of absurd lengths and hosts.
            raise EventUnavailableError(f"no answer from {self.base_url}: {error!r}") from error
        return _envelope(answer)


def create_client(base_url: str = "http://localhost:8080", **options: Any) -> EventClient:
    """`EventClient` with these options."""
    return EventClient(base_url, **options)


class _Answer(NamedTuple):
    status: int
    retry_after: str
    body: bytes
    # Whether the server marks the end of its answers, other than by the end of the connection.
    ends: bool


class _Connections:
    """Connections to one server, kept alive; as many as threads ask at the same time."""

    def __init__(self, base_url: str, headers: Mapping[str, str], ssl_context: ssl.SSLContext | None) -> None:
        url = urlsplit(base_url)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError("base_url must be an http or https URL, such as http://localhost:8080")
        address = url.netloc.rpartition("@")[2]
        path = url.path.rstrip("/")
        self.base_url = f"{url.scheme}://{address}{path}"
        self._host, self._port = url.hostname, url.port or (443 if url.scheme == "https" else 80)
        self._path = quote(path, safe="/%")
        self._tls = (ssl_context or ssl.create_default_context()) if url.scheme == "https" else None
        user = _basic(url)
        if user and "Authorization" in headers:
            raise ValueError("it must be either an api_key or a user in base_url, not both")
        proxy = None if proxy_bypass(address) else getproxies().get(url.scheme)
        self._proxy = _proxy(proxy) if proxy else None
        proxy_user = _basic(self._proxy) if self._proxy else None
        # In the request that opens a tunnel, or else in each request.
        self._tunnel = {"Proxy-Authorization": proxy_user} if proxy_user else {}
        if self._proxy and self._tls is None:
            self._path = f"http://{address}{self._path}"
            headers = {**headers, **self._tunnel}
        fixed = {
            "Host": address,
            "User-Agent": f"millrace-python/{__version__}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
            **({"Authorization": user} if user else {}),
            **headers,
        }
        if not all(value.isascii() and value.isprintable() for value in fixed.values()):
            raise ValueError("base_url, api_key and tenant must be printable ASCII")
        self._head = "".join(f"{name}: {value}\r\n" for name, value in fixed.items())
        # Each with the time since when.
        self._idle: deque[tuple[HTTPConnection, float]] = deque()
        self._process = os.getpid()

    def close(self) -> None:
        """Closes those that are idle."""
        for connection, _ in iter(self._pop, None):
            connection.close()

    def exchange(self, method: str, target: str, headers: str, body: bytes, timeout: float) -> _Answer:
        """One attempt; an OSError or HTTPException if the answer does not come, or not whole."""
        length = f"Content-Length: {len(body)}\r\n\r\n"
        head = f"{method} {self._path}{target} HTTP/1.1\r\n{self._head}{headers}{length}"
        request = head.encode() + body
        if self._process != os.getpid():
            # After a fork: these are the parent's.
            self.close()
            self._process = os.getpid()
        try:
            return self._send(self._take() or self._open(timeout), method, request, timeout)
        except BaseException:
            # Those that are idle may be as dead, and must not cost an attempt each.
            self.close()
            raise

    @contextlib.contextmanager
    def listen(self, target: str, headers: str, timeout: float) -> Iterator[HTTPResponse]:
        """An answer that is read while it comes, over a connection of its own."""
        connection = self._open(timeout)
        try:
            head = f"GET {self._path}{target} HTTP/1.1\r\n{self._head}{headers}\r\n"
            connection.sock.sendall(head.encode())
            with HTTPResponse(connection.sock, method="GET") as response:
                response.begin()
                yield response
        finally:
            connection.close()

    def _pop(self) -> tuple[HTTPConnection, float] | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _take(self) -> HTTPConnection | None:
        """The last used of those that still stand."""
        for connection, since in iter(self._pop, None):
            if time.monotonic() - since < MAX_IDLE and _is_quiet(connection.sock):
                return connection
            connection.close()
        return None

    def _open(self, timeout: float) -> HTTPConnection:
        host, port = self._host, self._port
        if self._proxy:
            host, port = str(self._proxy.hostname), self._proxy.port or 80
        connection = (
            HTTPConnection(host, port, timeout=timeout)
            if self._tls is None
            else HTTPSConnection(host, port, timeout=timeout, context=self._tls)
        )
        if self._proxy and self._tls:
            connection.set_tunnel(self._host, self._port, self._tunnel)
        try:
            connection.connect()  # with TCP_NODELAY
        except BaseException:
            connection.close()
            raise
        return connection

    def _send(self, connection: HTTPConnection, method: str, request: bytes, timeout: float) -> _Answer:
        sock = connection.sock
        try:
            sock.settimeout(timeout)
            # What can't be sent whole may have been answered already: too large, say.
            with contextlib.suppress(ConnectionError, ssl.SSLEOFError):
                # One packet, where `HTTPConnection.request` makes two of head and body.
                sock.sendall(request)
            with HTTPResponse(sock, method=method) as response:
                response.begin()
                ends = response.chunked or response.length is not None
                retry_after = response.getheader("Retry-After", "")
                answer = _Answer(response.status, retry_after, response.read(), ends)
                keep = not response.will_close
        except BaseException:
            connection.close()
            raise
        if keep:
            self._idle.append((connection, time.monotonic()))
        else:
            connection.close()
        return answer


def _basic(url: SplitResult) -> str | None:
    """Basic authentication (RFC 7617) by the user and the password in a URL, if there are any."""
    if "@" not in url.netloc:
        return None
    user = f"{unquote(url.username or '')}:{unquote(url.password or '')}"
    return f"Basic {b64encode(user.encode()).decode()}"


def _proxy(url: str) -> SplitResult:
    """A proxy as the environment names it, perhaps without a scheme."""
    proxy = urlsplit(url if "://" in url else f"http://{url}")
    if proxy.scheme != "http" or not proxy.hostname:
        raise ValueError(f"a proxy must be an http URL; of {proxy.scheme} this client knows none")
    proxy.port  # noqa: B018, an error if it is none
    return proxy


def _is_quiet(sock: socket.socket) -> bool:
    """Whether the peer has neither closed an idle connection nor sent what nobody asked for."""
    sock.settimeout(0.0)
    try:
        socket.socket.recv(sock, 1, socket.MSG_PEEK)  # beneath TLS
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


class _Arrivals:
    """The clock of arrival: Unix microseconds, each later than the one before in this process."""

    def __init__(self) -> None:
        self._last = 0
        self._unlock()
        if hasattr(os, "register_at_fork"):
            # Another thread may have held it.
            os.register_at_fork(after_in_child=self._unlock)

    def _unlock(self) -> None:
        # One that a signal handler may take again.
        self._lock = threading.RLock()

    def next(self, now: int) -> int:
        with self._lock:
            arrival = self._last = max(now, self._last + 1)
        return arrival


_arrivals = _Arrivals()
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def _new_id(at: datetime | None = None) -> str:
    """A UUIDv7 (RFC 9562, 5.7) of an event of that time, now by default."""
    now = time.time_ns() // 1_000
    millis = now // 1_000 if at is None else _millis(at)
    tail = _tail(_arrivals.next(now) - millis * 1_000)
    high = millis << 16 | 7 << 12 | tail >> 62
    low = 0b10 << 62 | tail & (1 << 62) - 1
    # As `uuid.UUID` does it, in a third of the time.
    text = f"{high << 64 | low:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _tail(delay: int) -> int:
    """74 bits: by how many microseconds an event arrived after its time, and behind that random ones.

    So events of the same time keep the order in which they were tracked, here or by the server, which makes
    its ids alike. As in a floating-point number, the length stands before the digits, which leaves more
    random bits the shorter the delay is.
    """
    distance = abs(delay)
    length = distance.bit_length()
    kept = max(length - 1, 0)  # the first is always 1
    room = 67 - kept
    magnitude = length << 67 | (distance & (1 << kept) - 1) << room | secrets.randbits(room)
    return 1 << 73 | magnitude if delay >= 0 else ~magnitude & (1 << 73) - 1


def _millis(at: datetime) -> int:
    """Unix milliseconds."""
    if not isinstance(at, datetime) or at.tzinfo is None:
        raise EventValidationError("timestamp must be a datetime with a time zone")
    millis = (at - _EPOCH) // timedelta(milliseconds=1)
    if millis < 0:
        raise EventValidationError("timestamp must not be before 1970")
    return millis


def _with_id(fields: Mapping[str, Any]) -> Json:
    """The event as it is sent: with an id, or what the server makes it from, and without empty texts."""
    if not isinstance(fields, Mapping):
        raise EventValidationError(f"an event must be a mapping of its fields, not {fields!r}")
    if fields.get("id") == "" or fields.get("message_id") == "":
        # A new one in its place would be another event each time.
        raise EventValidationError("the id of an event must not be empty")
    event = {
        name: value
        for name, value in fields.items()
        if value is not None and (not isinstance(value, str) or value)
    }
    at = event.pop("timestamp", None)
    if "message_id" in event:
        if at is None or "id" in event:
            raise EventValidationError("a message_id needs a timestamp and excludes an id")
        event["timestamp"] = _rfc_3339(_millis(at))
    elif "id" not in event:
        event["id"] = _new_id(at)
    else:
        event["id"] = str(event["id"])
        if at is not None and _id_millis(event["id"]) != _millis(at):
            raise EventValidationError(
                "id and timestamp disagree: an id starts with the time of its event (leave one of them out)"
            )
    return event


def _rfc_3339(millis: int) -> str:
    return (_EPOCH + timedelta(milliseconds=millis)).isoformat(timespec="milliseconds")


def _id_millis(event_id: str) -> int:
    """The time of an event, as its id tells it."""
    try:
        return uuid.UUID(event_id).int >> 80
    except ValueError:
        raise EventValidationError(
            "id must be a UUID of version 7 or 8; an id of another form is a message_id"
        ) from None


def _ids(events: Iterable[Json]) -> list[str]:
    return [event["id"] for event in events if "id" in event]


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


def _encode(fields: Any) -> bytes:
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


def _idempotency(key: str | None) -> str:
    """The header by which the server knows the attempts of one call."""
    key = str(uuid.uuid4()) if key is None else key
    if not (isinstance(key, str) and 1 <= len(key) <= 255 and key.isascii() and key.isprintable()):
        raise EventValidationError("idempotency_key must be 1 to 255 printable ASCII characters")
    return f"Idempotency-Key: {key}\r\n"


def _check_latency(latency: Any) -> None:
    if isinstance(latency, float) and not math.isfinite(latency):
        raise EventValidationError("latency must be a finite number")


def _period(when: Mapping[str, Any]) -> Json:
    """The times of a question, by the names that the API has for them."""
    unknown = when.keys() - {"start", "end", "days", "timezone", "week_start"}
    if unknown:
        raise TypeError(f"unknown arguments: {', '.join(sorted(unknown))}")
    names = {"start": "from", "end": "to"}
    return {names.get(name, name): value for name, value in when.items()}


def _text(value: Any) -> str:
    """As a query string has it: a text as it is, anything else as JSON."""
    encoded = _encode(value).decode()
    plain = json.loads(encoded)
    return plain if isinstance(plain, str) else encoded


def _given(question: Mapping[str, Any]) -> Json:
    """Without what is absent: None, and lists of nothing."""
    return {name: value for name, value in question.items() if value is not None and value != ()}


def _target(path: str, name: str, value: str) -> str:
    """The path of an event or a conversation."""
    value = str(value) if isinstance(value, uuid.UUID) else value
    if not isinstance(value, str) or not value:
        raise EventValidationError(f"{name} is required")
    try:
        return path + quote(value, safe="")
    except UnicodeEncodeError as error:
        raise EventValidationError(f"{name} is no Unicode text: {error}") from error


def _envelope(answer: _Answer) -> Json:
    """The answer's JSON object, or the error that the answer is."""
    status, response = answer.status, _object(answer.body)
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


def _messages(lines: Iterable[bytes]) -> Iterator[Json]:
    """Server-sent events of one line of data, comments left out."""
    message: Json = {}
    for line in lines:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name in ("event", "id", "data"):
            message[name] = json.loads(value) if name == "data" else value
        elif not name and message:
            yield {"id": "", **message}
            message = {}


def _object(body: bytes) -> Json | str:
    """A JSON object, or the text of what is none."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, dict) else body.decode(errors="replace")


def _data(response: Json | str | None) -> Json:
    """The object in an answer, empty if there is none."""
    data = response.get("data") if isinstance(response, dict) else None
    return data if isinstance(data, dict) else {}


def _results(response: Json | str | None) -> list[Json] | None:
    """What became of each event of a batch, if the answer tells."""
    results = _data(response).get("results")
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
