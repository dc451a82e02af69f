"""Sends events to the Millrace event API in the background, so that those who track them never wait.

    with BufferedEventClient("http://localhost:8080") as events:
        events.track_event("chat-1", "event_a", latency=120.5)

Needs `event_client` beside it and nothing else.
"""

from __future__ import annotations

import atexit
import json
import logging
import math
import os
import socket
import threading
import time
import weakref
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Callable, SupportsFloat

from event_client import (
    MAX_RETRY_AFTER,
    EventClient,
    EventSDKError,
    EventUnavailableError,
    EventValidationError,
    Json,
    Vector,
)
from event_client._encoding import encode

OnError = Callable[[EventSDKError, list[Json]], None]

# The longest pause between two attempts, before jitter and unless the server asks for more (but not for more
# than MAX_RETRY_AFTER), in seconds.
MAX_PAUSE = 5.0

_log = logging.getLogger(__name__)


class BufferedEventClient:
    """Takes events into a queue, from which a thread sends them in batches.

    A batch is sent when `batch_events` or `batch_bytes` are there, or `flush_interval` seconds after its
    first event. While the server is away it is tried again, and the queue fills up to `max_events` and
    `max_bytes`. Dropped is what is wrong, what doesn't fit, what the server refuses, and what is left at the
    end. Then `on_error(error, events)` is called, mostly on that thread; for what didn't fit, without events
    and with their number in the error. By default it logs a warning. It may call any method here: `flush` and
    `close` don't wait then for the thread that they are called on. `client` is what sends, by default a new
    one for `base_url`.

    Where no thread can be started, `flush` and `close` send on their caller's. So it is in Python 3.12 once
    the main thread has ended, as in an `atexit` callback; then `track_event` flushes too.
    """

    def __init__(
        self,
        base_url: str = "http://localhost:8080",
        *,
        client: EventClient | None = None,
        max_events: int = 100_000,
        max_bytes: int = 64 << 20,
        batch_events: int = 1_000,
        batch_bytes: int = 4 << 20,
        flush_interval: float = 0.5,
        on_error: OnError | None = None,
    ) -> None:
        self.client = client or EventClient(base_url)
        self.max_events = max_events
        self.max_bytes = max_bytes
        self.batch_events = batch_events
        self.batch_bytes = batch_bytes
        self.flush_interval = flush_interval
        self._on_error = on_error or _warn
        self._begin()
        _instances.add(self)
        atexit.register(self.close)

    def _begin(self) -> None:
        """Starts empty; in a forked child too, where what was queued is the parent's to send."""
        self._queue = _Queue(self.max_events, self.max_bytes, self.batch_events, self.batch_bytes)
        self._thread: threading.Thread | None = None
        # The caller of `flush` that sends, because there is no thread.
        self._stand_in: threading.Thread | None = None
        # So many events at most are sent at once; fewer after a batch that did not get through.
        self._most = self.batch_events
        # Held to start the thread, and to stand in for it.
        self._starting = threading.Lock()

    def __enter__(self) -> BufferedEventClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pending(self) -> int:
        """How many events are queued or on their way."""
        return len(self._queue)

    @property
    def dropped(self) -> int:
        """How many events have been dropped."""
        return self._queue.dropped

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
    ) -> str | None:
        """Queues what `EventClient.track_event` would send; returns its id, or None if it was dropped.

        Never raises. With a `message_id`, whose event gets its id from the server, that is returned.
        """
        event: Json = {
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
        body = b""
        try:
            event = self.client._event(event)
            body = encode(event)
            taken = self._queue.offer(body)
        except Exception as wrong:  # noqa: BLE001, a value's own methods may raise anything
            reason = wrong if isinstance(wrong, EventSDKError) else EventValidationError(repr(wrong))
            self._queue.drop()
            self._tell(reason, [body or {name: value for name, value in event.items() if value is not None}])
            return None
        if not self._ensure_thread() and not threading.main_thread().is_alive():
            self.flush(self.flush_interval)
        return str(event.get("id") or event["message_id"]) if taken else None

    def flush(self, timeout: float | None = None) -> bool:
        """Waits until all that is queued is with the server or dropped; False after `timeout` seconds."""
        if self._is_sender():
            return self._queue.flush(0.0)
        deadline = time.monotonic() + (math.inf if timeout is None else timeout)
        if self.pending and not _is_alive(self._thread):
            self._send_here(deadline)
        return self._queue.flush(None if timeout is None else deadline - time.monotonic())

    def close(self, timeout: float = 10.0) -> bool:
        """Takes no more and flushes; what is left after `timeout` seconds is dropped, and False returned."""
        deadline = time.monotonic() + timeout
        self._queue.close()
        flushed = self.flush(timeout)
        if self._is_sender():
            # It sends the rest when `on_error` has returned; the end of the process waits for that.
            return flushed
        atexit.unregister(self.close)
        left = self._queue.abandon()
        if left:
            self._tell(EventUnavailableError(f"closed, and not sent within {timeout} seconds"), left)
        elif self._thread is not None and self._thread.is_alive():
            self._thread.join(max(0.0, deadline - time.monotonic()))
        if not _is_alive(self._thread):
            self.client.close()
        self._tell_overflow()
        return flushed

    def _ensure_thread(self) -> bool:
        """Whether the thread is there, or another caller is seeing to it."""
        if _is_alive(self._thread) or not self._starting.acquire(blocking=False):
            return True
        try:
            return self._start()
        finally:
            self._starting.release()

    def _start(self) -> bool:
        """Whether the thread is there. There may be too many: the next call tries again."""
        if not _is_alive(self._thread):
            self._thread = threading.Thread(target=self._run, name="millrace-events", daemon=True)
            try:
                self._thread.start()
            except RuntimeError:
                return False
        return True

    def _send_here(self, deadline: float) -> None:
        """Starts the thread or, if there can be none, sends on this one until all is sent or it is late."""
        if self._starting.acquire(timeout=min(max(0.0, deadline - time.monotonic()), threading.TIMEOUT_MAX)):
            try:
                if not self._start():
                    self._stand_in = threading.current_thread()
                    while self._send(self._queue.head(), deadline):
                        self._tell_overflow()
            finally:
                self._stand_in = None
                self._starting.release()

    def _is_sender(self) -> bool:
        return threading.current_thread() in (self._thread, self._stand_in)

    def _run(self) -> None:
        while self._send(self._queue.next_batch(self.flush_interval)):
            self._tell_overflow()
        self._tell_overflow()
        self.client.close()

    def _send(self, batch: list[bytes], deadline: float = math.inf) -> bool:
        """Sends the first events of the queue, takes them out of it, and tells which were dropped.

        False if there are none, if all have been abandoned, or if it is too late.
        """
        if not batch:
            return False
        batch = batch[: self._most]
        refused: list[tuple[EventSDKError, list[bytes]]]
        try:
            results = self._results(batch, deadline)
        except EventUnavailableError:
            return False
        except EventSDKError as error:
            if error.status_code == 413 and len(batch) > 1:
                self._most = len(batch) // 2
                return self._send(batch, deadline)
            refused = [(error, batch)]
        except Exception as error:  # noqa: BLE001, whatever it is must not end the thread
            refused = [(EventSDKError(f"can't be sent: {error!r}"), batch)]
        else:
            self._most = min(self.batch_events, self._most + max(1, self._most // 8))
            refused = [
                (EventSDKError(str(result["error"]), response=result), [body])
                for result, body in zip(results, batch)
                if "error" in result
            ]
        settled = self._queue.settle(len(batch), sum(len(bodies) for _, bodies in refused))
        if settled:
            for reason, bodies in refused:
                self._tell(reason, bodies)
        return settled

    def _results(self, batch: list[bytes], deadline: float) -> list[Json]:
        """What became of each event, after as many attempts as it takes.

        A batch that a slow link does not carry in time is cut to its first half, and the rest stays queued.
        """
        attempt = 1
        while True:
            closed = self._queue.closed
            left = deadline - time.monotonic()
            if left <= 0.0 or self._queue.abandoned:
                raise EventUnavailableError("it is too late")
            timeout = None if left == math.inf else min(self.client.timeout, left)
            try:
                return self.client._send_batch(batch, packed=True, attempts=1, timeout=timeout)
            except EventUnavailableError as error:
                if attempt == 1:
                    _log.warning("events have to wait: %s", error)
                self._tell_overflow()
                pause = min(MAX_RETRY_AFTER, self.client._delay(attempt, error, MAX_PAUSE))
                if not self._queue.pause(min(pause, deadline - time.monotonic()), closed):
                    raise
                if len(batch) > 1 and _did_not_get_through(error):
                    self._most = len(batch) // 2
                    del batch[self._most :]
            attempt += 1

    def _tell_overflow(self) -> None:
        count = self._queue.overflowed()
        if count:
            limits = f"{self.max_events} events or {self.max_bytes} bytes"
            self._tell(EventSDKError(f"dropped {count} events: the queue was full ({limits})"), [])

    def _tell(self, error: EventSDKError, events: Sequence[bytes | Json]) -> None:
        try:
            self._on_error(error, [json.loads(e) if isinstance(e, bytes) else e for e in events])
        except BaseException as failure:
            # It is the caller's, and must not end the thread; but the caller's own threads may be ended.
            if not isinstance(failure, Exception) and threading.current_thread() is not self._thread:
                raise
            _log.exception("on_error failed")


class _Queue:
    """Encoded events. They stay in it until they are settled, so that its bounds count those on their way."""

    def __init__(self, max_events: int, max_bytes: int, batch_events: int, batch_bytes: int) -> None:
        self._max_events, self._max_bytes = max_events, max_bytes
        self._batch_events, self._batch_bytes = batch_events, batch_bytes
        self._changed = threading.Condition()
        self._events: deque[bytes] = deque()
        self._bytes = 0
        # Counted from the first event on.
        self._taken = self._settled = self._wanted = 0
        self._overflow = self.dropped = 0
        self.closed = self.abandoned = False

    def __len__(self) -> int:
        return len(self._events)

    def offer(self, body: bytes) -> bool:
        """Takes an event unless there is no room; an error if there never will be."""
        with self._changed:
            size, most = len(body), self._max_bytes
            if self.closed:
                raise EventSDKError("the client is closed")
            if size > most:
                raise EventSDKError(f"an event of {size} bytes is larger than the queue ({most} bytes)")
            if len(self._events) >= self._max_events or self._bytes + size > most:
                self.dropped += 1
                self._overflow += 1
                return False
            was_due = self._due()
            self._events.append(body)
            self._bytes += size
            self._taken += 1
            if len(self._events) == 1 or (self._due() and not was_due):
                self._changed.notify_all()
            return True

    def next_batch(self, interval: float) -> list[bytes]:
        """Waits for the next batch; an empty one is the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._events or self.closed)
            self._changed.wait_for(self._due, interval)
            return self.head()

    def head(self) -> list[bytes]:
        """The next batch, as far as it is there."""
        with self._changed:
            batch: list[bytes] = []
            size = 0
            for body in self._events:
                size += len(body)
                if batch and (len(batch) >= self._batch_events or size > self._batch_bytes):
                    break
                batch.append(body)
            return batch

    def drop(self) -> None:
        """Counts an event that was not even offered, or refused."""
        with self._changed:
            self.dropped += 1

    def settle(self, count: int, dropped: int) -> bool:
        """Takes the first events out and counts those that are dropped; False if all have been abandoned."""
        with self._changed:
            if self.abandoned:
                return False
            for _ in range(count):
                self._bytes -= len(self._events.popleft())
            self._settled += count
            self.dropped += dropped
            self._changed.notify_all()
            return True

    def flush(self, timeout: float | None) -> bool:
        """Waits until all that was taken is settled."""
        with self._changed:
            goal = self._wanted = self._taken
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._settled >= goal, timeout)

    def pause(self, seconds: float, closed: bool) -> bool:
        """Waits, but no longer than until it is closed if it was not; False if all is abandoned."""
        with self._changed:
            self._changed.wait_for(lambda: self.abandoned or self.closed > closed, seconds)
            return not self.abandoned

    def close(self) -> None:
        """Takes no more."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def abandon(self) -> list[bytes]:
        """Gives up and takes out what is left."""
        with self._changed:
            left = list(self._events)
            self.settle(len(left), len(left))
            self.abandoned = True
            return left

    def overflowed(self) -> int:
        """How many events found no room since this was last asked."""
        with self._changed:
            count, self._overflow = self._overflow, 0
            return count

    def _due(self) -> bool:
        wanted = self.closed or self._wanted > self._settled
        return wanted or len(self._events) >= self._batch_events or self._bytes >= self._batch_bytes


def _is_alive(thread: threading.Thread | None) -> bool:
    return thread is not None and thread.is_alive()


def _did_not_get_through(error: EventUnavailableError) -> bool:
    """Whether there was a server, and the request or its answer may have been too slow."""
    if error.status_code is None:
        return not isinstance(error.__cause__, (ConnectionRefusedError, socket.gaierror))
    return error.status_code == 408


def _warn(error: EventSDKError, events: list[Json]) -> None:
    ids = "".join(f" {event.get('id') or event.get('message_id') or 'one without an id'}" for event in events)
    _log.warning("%s%s", error, ids and f"; dropped:{ids}")


# A forked child has none of the threads, and locks as they happened to be.
_instances: weakref.WeakSet[BufferedEventClient] = weakref.WeakSet()


def _forked() -> None:
    for instance in list(_instances):
        closed = instance._queue.closed
        instance._begin()
        instance._queue.closed = closed


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
