"""Sends events to the Millrace event API in the background, so that those who track them never wait.

    with BufferedEventClient("http://localhost:8080") as events:
        events.track_event("chat-1", "event_a", latency=120.5)

Needs `event_client.py` beside it and nothing else.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Callable

from event_client import MAX_RETRY_AFTER, EventClient, EventSDKError, EventUnavailableError, Json, _encode

OnError = Callable[[EventSDKError, list[Json]], None]

# The longest pause between two attempts, before jitter and unless the server asks for more (but not for more
# than MAX_RETRY_AFTER), in seconds.
MAX_PAUSE = 5.0

_log = logging.getLogger(__name__)


class BufferedEventClient:
    """Takes events into a queue, from which a thread sends them in batches.

    A batch is sent when `batch_events` or `batch_bytes` are there, or `flush_interval` seconds after its
    first event. While the server is away it is tried again, and the queue fills up to `max_events` and
    `max_bytes`. Dropped is what doesn't fit, what the server refuses, and what is left at the end. Then
    `on_error(error, events)` is called, mostly on that thread; for what didn't fit, without events and with
    their number in the error. By default it logs a warning. It may call any method here: `flush` and `close`
    don't wait then for the thread that they are called on. `client` is what sends, by default a new one for
    `base_url`.
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
        latency: float = 0.0,
        input: str = "",
        input_embeddings: Sequence[float] | None = None,
        output: str = "",
        output_embeddings: Sequence[float] | None = None,
        conversation_metadata: str | Mapping[str, Any] = "",
        *,
        user_id: str = "",
        tags: Sequence[str] | None = None,
        properties: Mapping[str, Any] | None = None,
        timestamp: datetime | None = None,
        event_id: str | None = None,
    ) -> str | None:
        """Queues what `EventClient.track_event` would send; returns its id, or None if it was dropped."""
        event = self.client._event(
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
            }
        )
        body = _encode(event)
        try:
            taken = self._queue.offer(body)
        except EventSDKError as never:
            self._tell(never, [body])
            return None
        self._ensure_thread()
        return str(event["id"]) if taken else None

    def flush(self, timeout: float | None = None) -> bool:
        """Waits until all that is queued is with the server or dropped; False after `timeout` seconds."""
        if self.pending:
            self._ensure_thread()
        return self._queue.flush(0.0 if self._on_thread() else timeout)

    def close(self, timeout: float = 10.0) -> bool:
        """Takes no more and flushes; what is left after `timeout` seconds is dropped, and False returned."""
        deadline = time.monotonic() + timeout
        self._queue.close()
        flushed = self.flush(timeout)
        if self._on_thread():
            # It sends the rest when `on_error` has returned; the end of the process waits for that.
            return flushed
        atexit.unregister(self.close)
        left = self._queue.abandon()
        if left:
            self._tell(EventUnavailableError(f"closed, and not sent within {timeout} seconds"), left)
        elif self._thread is not None and self._thread.is_alive():
            self._thread.join(max(0.0, deadline - time.monotonic()))
        self._tell_overflow()
        return flushed

    def _ensure_thread(self) -> None:
        if not _is_alive(self._thread):
            with self._starting:
                if not _is_alive(self._thread):
                    self._thread = threading.Thread(target=self._run, name="millrace-events", daemon=True)
                    # There may be too many threads: the next call tries again.
                    with contextlib.suppress(RuntimeError):
                        self._thread.start()

    def _on_thread(self) -> bool:
        return threading.current_thread() is self._thread

    def _run(self) -> None:
        while True:
            batch = self._queue.next_batch(self.flush_interval)
            if not batch:
                break
            self._send(batch)
            self._tell_overflow()
        self._tell_overflow()
        self.client.close()

    def _send(self, batch: list[bytes]) -> None:
        """Sends the first events of the queue, takes them out of it, and tells which were dropped."""
        if self._queue.abandoned:
            return
        refused: list[tuple[EventSDKError, list[bytes]]]
        try:
            results = self._results(batch)
        except EventSDKError as error:
            if error.status_code == 413 and len(batch) > 1:
                middle = len(batch) // 2
                self._send(batch[:middle])
                self._send(batch[middle:])
                return
            refused = [(error, batch)]
        except Exception as error:  # noqa: BLE001, whatever it is must not end the thread
            refused = [(EventSDKError(f"can't be sent: {error!r}"), batch)]
        else:
            refused = [
                (EventSDKError(str(result["error"]), response=result), [body])
                for result, body in zip(results, batch)
                if "error" in result
            ]
        if self._queue.settle(len(batch), sum(len(bodies) for _, bodies in refused)):
            for reason, bodies in refused:
                self._tell(reason, bodies)

    def _results(self, batch: list[bytes]) -> list[Json]:
        """What became of each event, after as many attempts as it takes."""
        attempt = 1
        while True:
            closed = self._queue.closed
            try:
                return self.client._send_batch(batch, packed=True, attempts=1)
            except EventUnavailableError as error:
                if attempt == 1:
                    _log.warning("events have to wait: %s", error)
                self._tell_overflow()
                pause = min(MAX_RETRY_AFTER, self.client._delay(attempt, error, MAX_PAUSE))
                if not self._queue.pause(pause, closed):
                    raise
            attempt += 1

    def _tell_overflow(self) -> None:
        count = self._queue.overflowed()
        if count:
            limits = f"{self.max_events} events or {self.max_bytes} bytes"
            self._tell(EventSDKError(f"dropped {count} events: the queue was full ({limits})"), [])

    def _tell(self, error: EventSDKError, bodies: list[bytes]) -> None:
        try:
            self._on_error(error, [json.loads(body) for body in bodies])
        except BaseException as failure:
            # It is the caller's, and must not end the thread; but the caller's own threads may be ended.
            if not isinstance(failure, Exception) and not self._on_thread():
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
            full = len(self._events) >= self._max_events or self._bytes + size > most
            if full or self.closed:
                self.dropped += 1
                if self.closed:
                    raise EventSDKError("the client is closed")
                if size > most:
                    raise EventSDKError(f"an event of {size} bytes is larger than the queue ({most} bytes)")
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
            batch: list[bytes] = []
            size = 0
            for body in self._events:
                size += len(body)
                if batch and (len(batch) >= self._batch_events or size > self._batch_bytes):
                    break
                batch.append(body)
            return batch

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


def _warn(error: EventSDKError, events: list[Json]) -> None:
    ids = "".join(f" {event['id']}" for event in events)
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
