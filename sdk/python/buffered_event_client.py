"""Sends events to the Millrace event API in the background, so that those who track them never wait.

    with BufferedEventClient("http://localhost:8080") as events:
        events.track_event("chat-1", "event_a", latency=120.5)

Needs `event_client.py` beside it and nothing else.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import threading
import weakref
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Callable

from event_client import EventClient, EventSDKError, EventUnavailableError, Json, _encode

OnError = Callable[[EventSDKError, list[Json]], None]

# The longest pause between two attempts, before jitter and unless the server asks for more, in seconds.
MAX_PAUSE = 5.0

_log = logging.getLogger(__name__)


class BufferedEventClient:
    """Takes events into a queue, from which a thread sends them in batches.

    A batch is sent when `batch_events` or `batch_bytes` are there, or `flush_interval` seconds after its
    first event. While the server is away it is tried again, and the queue fills up to `max_events` and
    `max_bytes`. Dropped is what doesn't fit, what the server refuses, and what is left at the end. Then
    `on_error(error, events)` is called, mostly on that thread; for what didn't fit, without events and with
    their number in the error. By default it logs a warning. `client` is what sends, by default a new one for
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
        if self._queue.offer(_encode(event)):
            self._ensure_thread()
            return str(event["id"])
        if self._queue.closed:
            self._tell(EventSDKError("the client is closed"), [event])
        return None

    def flush(self, timeout: float | None = None) -> bool:
        """Waits until all that is queued is with the server or dropped; False after `timeout` seconds."""
        return self._queue.flush(timeout)

    def close(self, timeout: float = 10.0) -> bool:
        """Takes no more and flushes; what is left after `timeout` seconds is dropped, and False returned."""
        atexit.unregister(self.close)
        self._queue.close()
        flushed = self._queue.flush(timeout)
        left = self._queue.abandon()
        if left:
            message = f"closed, and not sent within {timeout} seconds"
            self._tell(EventUnavailableError(message), _decode(left))
        elif self._thread is not None:
            self._thread.join(timeout)
        return flushed

    def _ensure_thread(self) -> None:
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    thread = threading.Thread(target=self._run, name="millrace-events", daemon=True)
                    thread.start()
                    self._thread = thread

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
        try:
            results = self._results(batch)
        except EventSDKError as error:
            if error.status_code == 413 and len(batch) > 1:
                middle = len(batch) // 2
                self._send(batch[:middle])
                self._send(batch[middle:])
                return
            self._drop(error, batch)
        else:
            for result, body in zip(results, batch):
                if "error" in result:
                    self._drop(EventSDKError(str(result["error"]), response=result), [body])
        self._queue.settle(len(batch))

    def _results(self, batch: list[bytes]) -> list[Json]:
        """What became of each event, after as many attempts as it takes."""
        attempt = 1
        while True:
            try:
                return self.client._send_batch(batch, packed=True, attempts=1)
            except EventUnavailableError as error:
                if self._queue.abandoned:
                    raise
                if attempt == 1:
                    _log.warning("events have to wait: %s", error)
                pause = self.client._delay(attempt, error, MAX_PAUSE)
            self._tell_overflow()
            self._queue.pause(pause)
            attempt += 1

    def _drop(self, error: EventSDKError, batch: list[bytes]) -> None:
        if not self._queue.abandoned:
            self._queue.count_dropped(len(batch))
            self._tell(error, _decode(batch))

    def _tell_overflow(self) -> None:
        count = self._queue.overflowed()
        if count:
            limits = f"{self.max_events} events or {self.max_bytes} bytes"
            self._tell(EventSDKError(f"dropped {count} events: the queue was full ({limits})"), [])

    def _tell(self, error: EventSDKError, events: list[Json]) -> None:
        try:
            self._on_error(error, events)
        except Exception:  # noqa: BLE001, it is the caller's, and must not end the thread
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
        """Takes an event unless there is no room, or never will be."""
        with self._changed:
            full = len(self._events) >= self._max_events or self._bytes + len(body) > self._max_bytes
            if full or self.closed:
                self.dropped += 1
                self._overflow += not self.closed
                return False
            was_due = self._due()
            self._events.append(body)
            self._bytes += len(body)
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

    def settle(self, count: int) -> list[bytes]:
        """Takes the first events out."""
        with self._changed:
            settled = [self._events.popleft() for _ in range(min(count, len(self._events)))]
            self._bytes -= sum(map(len, settled))
            self._settled += len(settled)
            self._changed.notify_all()
            return settled

    def flush(self, timeout: float | None) -> bool:
        """Waits until all that was taken is settled."""
        with self._changed:
            goal = self._wanted = self._taken
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._settled >= goal, timeout)

    def pause(self, seconds: float) -> None:
        """Waits, unless all is abandoned meanwhile."""
        with self._changed:
            self._changed.wait_for(lambda: self.abandoned, seconds)

    def close(self) -> None:
        """Takes no more."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def abandon(self) -> list[bytes]:
        """Gives up and takes out what is left."""
        with self._changed:
            self.abandoned = True
            self.dropped += len(self._events)
            return self.settle(len(self._events))

    def count_dropped(self, count: int) -> None:
        """Counts events that the server refused."""
        with self._changed:
            self.dropped += count

    def overflowed(self) -> int:
        """How many events found no room since this was last asked."""
        with self._changed:
            count, self._overflow = self._overflow, 0
            return count

    def _due(self) -> bool:
        wanted = self.closed or self._wanted > self._settled
        return wanted or len(self._events) >= self._batch_events or self._bytes >= self._batch_bytes


def _warn(error: EventSDKError, events: list[Json]) -> None:
    ids = "".join(f" {event['id']}" for event in events)
    _log.warning("%s%s", error, ids and f"; dropped:{ids}")


def _decode(batch: list[bytes]) -> list[Json]:
    return [json.loads(body) for body in batch]


# A forked child has none of the threads, and locks as they happened to be.
_instances: weakref.WeakSet[BufferedEventClient] = weakref.WeakSet()


def _forked() -> None:
    for instance in list(_instances):
        instance._begin()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
