"""Events over Redis: publishes them as Millrace's bridge takes them, and listens to those of others.

    with EventPublisher("redis://localhost:6379") as publisher:
        publisher.publish("order.created", "shop-1", {"order_id": "o-1", "total_amount": Decimal("19.99")})

Needs redis: `pip install -e 'sdk/python[redis]'`.
"""

import asyncio
import contextlib
import hashlib
import inspect
import json
import logging
import math
import random
import re
import threading
import uuid
from collections.abc import Awaitable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as WaitTimeoutError
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any, Callable, Optional, TypeVar, Union

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

__version__ = "0.1.0"

LOCAL = "redis://localhost:6379"
# What Millrace's bridge listens to by default.
PATTERNS = ("events:*", "events.*")
# The member of a stream's entry that holds the event.
STREAM_FIELD = "event"

# How often a subscription is pinged, and after how much silence it is given up, in seconds.
PING_INTERVAL = 10.0
SILENCE = 30.0
CONNECT_TIMEOUT = 10.0
# How long the rest of what was published may take at the end, in seconds.
GOODBYE = 5.0
# The delays between attempts to listen, in seconds.
FIRST_DELAY = 0.1
MAX_DELAY = 30.0
# The most connections of a publisher, which is how many events it sends at the same time.
MAX_CONNECTIONS = 32
# How often it tries again, and the delays before that, in seconds.
_RETRIES = 3
_BACKOFF = ExponentialBackoff(cap=1.0, base=0.05)
# How many events are remembered, so that one that comes again is handled once.
REMEMBERED = 10_000

_TYPE = re.compile(r"[\w-]+(\.[\w-]+)+")
_TENANT = re.compile(r"[A-Za-z0-9_.-]{1,64}")
# RFC 3339, which lets any character stand before the clock. Without a zone it is UTC.
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[\0-\x7f]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d+))?(Z|z|[+-]\d\d:[0-5]\d)?",
    re.ASCII,
)
# What .NET writes for a time that nobody has set.
_UNSET = re.compile(r"0001-01-01T00:00:00(\.0+)?(Z|z|[+-]\d\d:[0-5]\d)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([Ee][+-]?\d+)?", re.ASCII)
# Numbers above this are milliseconds, others seconds.
_MOST_SECONDS = 1e11
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_LAST = datetime(2299, 12, 31, 23, 59, 59, 999_999, tzinfo=timezone.utc)
# An id whose first 48 bits are milliseconds: a UUID of version 7, or of version 8 as Millrace makes them.
_TIMED_ID = re.compile(r"(?i)([0-9a-f]{8})-([0-9a-f]{4})-[78][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
# In between, the time of an id is believed, as by a bridge of which nothing else is configured.
_MAX_AGE = timedelta(days=3_650)
_MAX_AHEAD = timedelta(days=1)
# A type of several words that are not all capitals, and where its words end.
_PASCAL = re.compile(r"[A-Z](?=.*[a-z])[A-Za-z0-9]*")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_log = logging.getLogger(__name__)


def _utc(moment: datetime) -> datetime:
    """One without a time zone is taken as UTC."""
    try:
        return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    except OverflowError:
        raise ValueError("it lies outside of the years 1 to 9999 in UTC") from None


def _iso(moment: datetime) -> str:
    return _utc(moment).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _text(value: str) -> str:
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise ValueError("it has half of a surrogate pair")
    return value


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} is no number")
    return format(value, "f")


def _float(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number")
    return float(value)


# The JSON of values, the first kind that fits.
_FORMS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (Enum, lambda value: _json("its value", value.value)),
    (str, _text),
    ((bool, int, type(None)), lambda value: value),
    (float, _float),
    (Decimal, _decimal),
    (datetime, _iso),
    ((date, time), lambda value: value.isoformat()),
    (uuid.UUID, str),
)


def _json(path: str, value: Any) -> Any:
    """The JSON of a value, of its own: what happens to the value later, does not change it."""
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) for name in value):
            raise TypeError(f"the names in {path} must be texts")
        return {
            _json(f"a name in {path}", name): _json(f"{path}.{name}", part) for name, part in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_json(f"{path}[{place}]", part) for place, part in enumerate(value)]
    for kinds, form in _FORMS:
        if isinstance(value, kinds):
            try:
                return form(value)
            except ValueError as error:
                raise ValueError(f"{path}: {error}") from None
    raise TypeError(f"{path}: {type(value).__name__} has no JSON form")


def _object(name: str, value: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must be a mapping, not {type(value).__name__}")
    members: dict[str, Any] = _json(name, value)
    return members


def _id(name: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, uuid.UUID)):
        raise TypeError(f"{name} must be a text, a number or a UUID, not {type(value).__name__}")
    if not 0 < len(str(value).encode()) <= 1_024:
        raise ValueError(f"{name} must have 1 to 1024 bytes")
    return str(value)


def _read_time(name: str, sent: object) -> Optional[datetime]:
    """When it was, None if nobody has set it."""
    if sent in (None, "") or (isinstance(sent, str) and _UNSET.fullmatch(sent)):
        return None
    with contextlib.suppress(ValueError, OverflowError):
        moment = _moment(sent)
        if _EPOCH <= moment <= _LAST:
            return moment
    raise ValueError(f"{name} must be a time such as 2026-11-20T21:57:13.123Z")


def _moment(sent: object) -> datetime:
    """Of a text that is a time, or a number of seconds or milliseconds, which may be a text too."""
    if isinstance(sent, str):
        found = _TIME.fullmatch(sent)
        if found is not None:
            day, clock, fraction, zone = found.groups()
            offset = "+00:00" if zone in (None, "Z", "z") else zone
            return _utc(datetime.fromisoformat(f"{day}T{clock}.{(fraction or '')[:6]:0<6}{offset}"))
        sent = float(sent) if _NUMBER.fullmatch(sent) else None
    if isinstance(sent, bool) or not isinstance(sent, (int, float)):
        raise ValueError("it is no time")
    return _EPOCH + timedelta(seconds=sent / 1_000 if sent > _MOST_SECONDS else sent)


def _time_of_id(event_id: str, now: datetime) -> Optional[datetime]:
    """When it was made, None if it does not say so, or says what can't be."""
    found = _TIMED_ID.fullmatch(event_id)
    if found is None:
        return None
    since = timedelta(milliseconds=int(found[1] + found[2], 16))
    return _EPOCH + since if -_MAX_AGE <= since - (now - _EPOCH) <= _MAX_AHEAD else None


def _read_id(name: str, *sent: object) -> str:
    """The first that is there, else an empty text."""
    for value in sent:
        if value in (None, ""):
            continue
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise ValueError(f"{name} must be a text or a number")
        return _id(name, str(value))
    return ""


def _tenant(value: object) -> str:
    if not (isinstance(value, str) and _TENANT.fullmatch(value)):
        raise ValueError(f"tenant_id must be 1 to 64 letters, digits, `_`, `.` or `-`, not {value!r}")
    return value


def _members(sent: object) -> dict[str, Any]:
    """Those of an object, none of anything else."""
    return sent if isinstance(sent, dict) else {}


def _data(sent: object) -> dict[str, Any]:
    """It may be a text that is an object, as programs write it into a field of a stream's entry."""
    if isinstance(sent, str):
        with contextlib.suppress(ValueError):
            return _members(json.loads(sent))
    return _members(sent)


def _canonical(event_type: str) -> str:
    """`UserLoggedIn` and `events.user.UserLoggedIn` are `user.logged_in`. Other types stay as they are."""
    name = event_type.removeprefix("events.")
    before, _, last = name.rpartition(".")
    if not _PASCAL.fullmatch(last):
        return name or event_type
    first, *others = [word.lower() for word in _WORDS.split(last)]
    if others:
        return f"{first}.{'_'.join(others)}"
    return f"{before.lower()}.{first}" if before else first


Id = Union[str, int, uuid.UUID]


@dataclass(frozen=True)
class Event:
    """What happened, complete from the start: however often it is sent, it is the same event.

    `data` and `metadata` are JSON as it is sent. The `timestamp` is in UTC.
    """

    event_id: str
    event_type: str
    tenant_id: str
    user_id: Optional[str]
    timestamp: datetime
    data: dict[str, Any]
    metadata: dict[str, Any]

    @classmethod
    def new(
        cls,
        event_type: str,
        tenant_id: str,
        data: Mapping[str, Any],
        user_id: Optional[Id] = None,
        metadata: Optional[Mapping[str, Any]] = None,
        *,
        event_id: Optional[Id] = None,
        timestamp: Optional[datetime] = None,
    ) -> "Event":
        """An event that can be sent. A TypeError or a ValueError says what is wrong with it.

        The type `OrderCreated` becomes `order.created`, a Decimal a text such as "19.99", a time ISO 8601 in
        UTC. Times without a time zone are taken as UTC.
        """
        name = _canonical(event_type) if isinstance(event_type, str) else ""
        if len(name) > 128 or not _TYPE.fullmatch(name):
            raise ValueError(f"event_type must be `category.action`, not {event_type!r}")
        if not isinstance(timestamp, (datetime, type(None))):
            raise TypeError(f"timestamp must be a datetime, not {type(timestamp).__name__}")
        return cls(
            event_id=str(uuid.uuid4()) if event_id is None else _id("event_id", event_id),
            event_type=name,
            tenant_id=_tenant(tenant_id),
            user_id=None if user_id is None else _id("user_id", user_id),
            timestamp=datetime.now(timezone.utc) if timestamp is None else _utc(timestamp),
            data=_object("data", data),
            metadata=_object("metadata", {} if metadata is None else metadata),
        )

    @classmethod
    def from_json(cls, payload: Union[bytes, str], *, at: Optional[datetime] = None) -> "Event":
        """An event of anybody's, as the bridge reads it. A ValueError says what is wrong with it.

        It may be a domain event, with `id`, `occurred_at` and a type such as `OrderCreated`. Without a tenant
        it has the default, without an id the SHA-256 of the payload. Without a time it has that of an id that
        is a UUID of version 7, and else `at`: that of the entry's id if it is of a stream, by default now.
        """
        text = payload if isinstance(payload, str) else payload.decode()
        try:
            sent = json.loads(text)
            if not isinstance(sent, dict) or not isinstance(sent.get("event_type"), str):
                raise ValueError("it must be an object with an event_type")
            data = _object("data", _data(sent.get("data")))
            metadata = _object("metadata", _members(sent.get("metadata")))
        except RecursionError:
            raise ValueError("it is nested too deeply") from None
        business = _members(_members(sent.get("context")).get("business_context"))
        event_id = _read_id("event_id", sent.get("event_id"), sent.get("id"))
        tenant_id = _read_id("tenant_id", sent.get("tenant_id"), business.get("tenant_id"))
        times = (_read_time(name, sent.get(name)) for name in ("timestamp", "occurred_at", "recorded_at"))
        now = datetime.now(timezone.utc)
        timestamp = next(filter(None, times), None) or _time_of_id(event_id, now)
        if timestamp is None:
            timestamp = now if at is None else _utc(at)
        return cls(
            event_id=event_id or hashlib.sha256(text.encode()).hexdigest(),
            event_type=_canonical(_id("event_type", sent["event_type"])),
            tenant_id=_tenant(tenant_id or "default"),
            user_id=_read_id("user_id", sent.get("user_id"), metadata.get("user_id")) or None,
            timestamp=timestamp,
            data=data,
            metadata=metadata,
        )

    @property
    def channel(self) -> str:
        """Where it is published: `events:order:created`, or `events:heartbeat` if its type is one word."""
        return f"events:{self.event_type.replace('.', ':', 1)}"

    def to_json(self) -> bytes:
        """The envelope that is sent."""
        envelope = {
            "event_id": self.event_id,
            "event_type": self.event_type,
            "tenant_id": self.tenant_id,
            "user_id": self.user_id,
            "timestamp": _iso(self.timestamp),
            "data": self.data,
            "metadata": self.metadata,
        }
        return json.dumps(envelope, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


class _Sender:
    """What both publishers share: where events go, and how long and how often that is tried."""

    def __init__(
        self,
        redis_url: str = LOCAL,
        *,
        stream: Optional[str] = None,
        stream_max_length: Optional[int] = None,
        timeout: float = 5.0,
    ) -> None:
        # A ValueError if it is no URL of a Redis.
        redis.ConnectionPool.from_url(redis_url)
        self._url = redis_url
        self._stream = stream
        self._stream_max_length = stream_max_length
        self._options: dict[str, Any] = {
            "max_connections": MAX_CONNECTIONS,
            # For a free one of them it waits as long as it takes.
            "timeout": None,
            "socket_timeout": timeout,
            "socket_connect_timeout": timeout,
            "retry_on_error": [redis.ConnectionError, redis.TimeoutError],
        }
        self._open()

    def _open(self) -> None:
        """Makes what can be made outside of an event loop."""

    def _add_commands(self, pipeline: Any, event: Event) -> None:
        """The stream comes first: it keeps the event, also for those who are not listening."""
        payload = event.to_json()
        if self._stream is not None:
            pipeline.xadd(self._stream, {STREAM_FIELD: payload}, maxlen=self._stream_max_length)
        pipeline.publish(event.channel, payload)


class EventPublisher(_Sender):
    """Publishes events on the channel of their type. Serves any number of threads.

    With `stream` each is added to that stream too, which keeps it, cut to about `stream_max_length` entries
    if that is given. `timeout` is for connecting and for each answer, in seconds. Failed connections and lost
    answers are tried again, four attempts in all, and raise a `redis.RedisError` after that.
    """

    _redis: "redis.Redis"

    def _open(self) -> None:
        retry = Retry(_BACKOFF, _RETRIES)
        pool = redis.BlockingConnectionPool.from_url(self._url, retry=retry, **self._options)
        self._redis = redis.Redis.from_pool(pool)

    def __enter__(self) -> "EventPublisher":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the idle connections. A later call opens a new one."""
        self._redis.close()

    def publish(
        self,
        event_type: str,
        tenant_id: str,
        data: Mapping[str, Any],
        user_id: Optional[Id] = None,
        metadata: Optional[Mapping[str, Any]] = None,
        *,
        event_id: Optional[Id] = None,
        timestamp: Optional[datetime] = None,
    ) -> Event:
        """Makes an event as `Event.new` does, sends it, and returns it."""
        event = Event.new(
            event_type, tenant_id, data, user_id, metadata, event_id=event_id, timestamp=timestamp
        )
        self.send(event)
        return event

    def send(self, event: Event) -> int:
        """Sends an event that is made already, perhaps once more; returns how many are listening."""
        with self._redis.pipeline(transaction=False) as pipeline:
            self._add_commands(pipeline, event)
            return int(pipeline.execute()[-1])


class AsyncEventPublisher(_Sender):
    """The same for asyncio. Any number of calls may be gathered. Close it in the same event loop."""

    _redis: "Optional[redis.asyncio.Redis]" = None

    async def __aenter__(self) -> "AsyncEventPublisher":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the idle connections. A later call opens a new one."""
        client, self._redis = self._redis, None
        if client is not None:
            await client.aclose()

    async def publish(
        self,
        event_type: str,
        tenant_id: str,
        data: Mapping[str, Any],
        user_id: Optional[Id] = None,
        metadata: Optional[Mapping[str, Any]] = None,
        *,
        event_id: Optional[Id] = None,
        timestamp: Optional[datetime] = None,
    ) -> Event:
        """Makes an event as `Event.new` does, sends it, and returns it."""
        event = Event.new(
            event_type, tenant_id, data, user_id, metadata, event_id=event_id, timestamp=timestamp
        )
        await self.send(event)
        return event

    async def send(self, event: Event) -> int:
        """Sends an event that is made already, perhaps once more; returns how many are listening."""
        if self._redis is None:
            # Not earlier: it belongs to the event loop that it is made in.
            retry = AsyncRetry(_BACKOFF, _RETRIES)
            pool = redis.asyncio.BlockingConnectionPool.from_url(self._url, retry=retry, **self._options)
            self._redis = redis.asyncio.Redis.from_pool(pool)
        async with self._redis.pipeline(transaction=False) as pipeline:
            self._add_commands(pipeline, event)
            return int((await pipeline.execute())[-1])


Handler = Callable[[Event], object]
AnyHandler = TypeVar("AnyHandler", bound=Handler)
OnError = Callable[[Exception, Optional[Event]], object]


class _Copies:
    """Redis sends a message once for each pattern that its channel matches, one right behind the other."""

    def __init__(self) -> None:
        self._message: Optional[tuple[bytes, bytes]] = None
        self._patterns: set[bytes] = set()

    def has(self, pattern: bytes, channel: bytes, payload: bytes) -> bool:
        """Whether that is a copy of the message before. The same by the same pattern is another message."""
        is_copy = self._message == (channel, payload) and pattern not in self._patterns
        if not is_copy:
            self._message = (channel, payload)
            self._patterns.clear()
        self._patterns.add(pattern)
        return is_copy


class _Run:
    """One run of a processor, in the event loop that makes it."""

    def __init__(self, max_queued: int) -> None:
        self.loop = asyncio.get_running_loop()
        # Channels, payloads and when they came; None is behind the last.
        self.queue: asyncio.Queue[Optional[tuple[str, bytes, datetime]]] = asyncio.Queue(max_queued)
        self.subscription: Any = None
        self.subscribed = asyncio.Event()
        self.stopping = asyncio.Event()
        self.ended = threading.Event()
        # Where handlers run, which must not wait for the end of this.
        self.own_threads = {threading.get_ident()}
        self.executor = ThreadPoolExecutor(
            1, "redis-events", initializer=lambda: self.own_threads.add(threading.get_ident())
        )

    def stop(self) -> None:
        with contextlib.suppress(RuntimeError):  # that the loop has ended by itself
            self.loop.call_soon_threadsafe(self.stopping.set)


class EventProcessor:
    """Listens to events on the channels that match `patterns`, and hands each to the handlers of its type.

        processor = EventProcessor("redis://localhost:6379")

        @processor.on("order.*")
        def count(event: Event) -> None: ...

        processor.run()

    `run` listens until `stop`, `start` does on a thread, as a `with` block does; for asyncio there are
    `run_async` and `async with`. Events are handled one after another, in the order in which they come; one
    that comes again, with the same tenant, id and time, is handled once. Functions are called on one thread
    of their own, coroutines in the event loop. What one raises goes to `on_error` with the event, as does a
    payload that is no event with None, or else into the log; nothing else is changed by it.

    A lost connection is opened again, at first after 0.1 s and never later than after 45 s. What is published
    meanwhile is lost to this processor: Redis keeps nothing for who is not listening. While `max_queued`
    events wait for their handlers no more are read, and Redis ends the connection when too many wait there.
    """

    def __init__(
        self,
        redis_url: str = LOCAL,
        patterns: Sequence[str] = PATTERNS,
        *,
        on_error: Optional[OnError] = None,
        max_queued: int = 10_000,
    ) -> None:
        if isinstance(patterns, str) or not patterns:
            raise ValueError("patterns must be a list of at least one")
        # A ValueError if it is no URL of a Redis.
        redis.Redis.from_url(redis_url).close()
        self._url = redis_url
        self._patterns = tuple(dict.fromkeys(patterns))
        self._on_error = on_error
        self._max_queued = max_queued
        self._handlers: list[tuple[str, Handler]] = []
        self._remembered: dict[tuple[str, str, datetime], None] = {}
        self._run: Optional[_Run] = None
        self._task: Optional[asyncio.Task[None]] = None
        # How often a connection was lost that had been listened to.
        self.lost_connections = 0

    def on(self, *event_types: str) -> Callable[[AnyHandler], AnyHandler]:
        """Makes a function or a coroutine the handler of these types. `order.*` are all that begin so."""

        def decorate(handler: AnyHandler) -> AnyHandler:
            for event_type in event_types:
                self.add_handler(event_type, handler)
            return handler

        return decorate

    def add_handler(self, event_type: str, handler: Handler) -> None:
        """The same for a handler that is there already. An event goes to all whose type it has."""
        if not callable(handler):
            raise TypeError(f"handler must be callable, not {type(handler).__name__}")
        self._handlers.append((event_type, handler))

    @property
    def connected(self) -> bool:
        """Whether events come at present."""
        run = self._run
        return run is not None and run.subscribed.is_set()

    def run(self) -> None:
        """Listens until `stop` is called, by a handler, a signal's handler or another thread."""
        asyncio.run(self.run_async())

    async def run_async(self) -> None:
        """Listens until `stop` is called. If the task is cancelled, what has come is not handled any more."""
        if self._run is not None:
            raise RuntimeError("it is listening already")
        run = self._run = _Run(self._max_queued)
        reader = asyncio.ensure_future(self._read(run))
        worker = asyncio.ensure_future(self._work(run))
        stopping = asyncio.ensure_future(run.stopping.wait())
        tasks = [reader, worker, stopping]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if run.stopping.is_set():
                if run.subscribed.is_set():
                    with contextlib.suppress(RedisError, OSError):
                        await run.subscription.punsubscribe()
                    await asyncio.wait([reader], timeout=GOODBYE)
                reader.cancel()
                tasks.append(asyncio.ensure_future(run.queue.put(None)))
                await asyncio.wait([worker])
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
            self._run = None
            run.executor.shutdown(wait=False)
            run.ended.set()
        for end in ends:
            if isinstance(end, Exception):
                raise end

    def start(self, wait: float = 10.0) -> bool:
        """Listens on a thread until `stop`; returns whether events come already, after `wait` s at most."""
        if self._run is not None:
            raise RuntimeError("it is listening already")
        begun = threading.Event()

        async def main() -> None:
            asyncio.get_running_loop().call_soon(begun.set)
            await self.run_async()

        threading.Thread(target=asyncio.run, args=(main(),), name="redis-events-loop", daemon=True).start()
        begun.wait()
        run = self._run
        if run is None:
            return False
        subscribed = asyncio.run_coroutine_threadsafe(run.subscribed.wait(), run.loop)
        try:
            return subscribed.result(wait)
        except WaitTimeoutError:
            subscribed.cancel()
            return False

    def stop(self, timeout: float = 10.0) -> bool:
        """Ends listening, once what was published before is handled; returns whether it has ended.

        It waits for that for `timeout` seconds at most, and not at all within a handler.
        """
        run = self._run
        if run is None:
            return True
        run.stop()
        return threading.get_ident() not in run.own_threads and run.ended.wait(timeout)

    def __enter__(self) -> "EventProcessor":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def __aenter__(self) -> "EventProcessor":
        self._task = asyncio.ensure_future(self.run_async())
        await asyncio.sleep(0)
        if self._run is not None:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._run.subscribed.wait(), CONNECT_TIMEOUT)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop()
        if self._task is not None:
            await self._task

    async def _read(self, run: _Run) -> None:
        delay = FIRST_DELAY
        while not run.stopping.is_set():
            try:
                await self._listen(run)
            except (RedisError, OSError) as error:
                if run.subscribed.is_set():
                    run.subscribed.clear()
                    self.lost_connections += 1
                    delay = FIRST_DELAY
                _log.warning("Redis can't be listened to, which is tried again in %.1f s: %s", delay, error)
                await asyncio.sleep(delay * random.uniform(1.0, 1.5))
                delay = min(MAX_DELAY, delay * 2.0)

    async def _listen(self, run: _Run) -> None:
        client: redis.asyncio.Redis = redis.asyncio.Redis.from_url(
            self._url,
            socket_connect_timeout=CONNECT_TIMEOUT,
            socket_timeout=SILENCE,
            # A connection that is opened again unseen would have missed events.
            retry=AsyncRetry(NoBackoff(), 0),
        )
        async with client, client.pubsub() as subscription:
            await subscription.psubscribe(*self._patterns)
            run.subscription = subscription
            heard = run.loop.time()
            copies = _Copies()
            while True:
                message = await subscription.get_message(timeout=PING_INTERVAL)
                if message is None:
                    # A cut cable says nothing.
                    if run.loop.time() - heard >= SILENCE:
                        raise redis.ConnectionError(f"silent for {SILENCE:g} s")
                    await subscription.ping()
                    continue
                if message["type"] == "pmessage":
                    channel, payload = message["channel"], message["data"]
                    if not copies.has(message["pattern"], channel, payload):
                        came = datetime.now(timezone.utc)
                        await run.queue.put((str(channel, errors="replace"), payload, came))
                elif message["type"] == "psubscribe":
                    # Redis does nothing else between this and the other patterns.
                    run.subscribed.set()
                elif message["type"] == "punsubscribe" and message["data"] == 0:
                    return
                # Not earlier: the handlers may have been slow.
                heard = run.loop.time()

    async def _work(self, run: _Run) -> None:
        while True:
            message = await run.queue.get()
            if message is None:
                return
            channel, payload, came = message
            try:
                event = Event.from_json(payload, at=came)
            except ValueError as wrong:
                await self._report(run, ValueError(f"{channel}: {wrong}"), None)
                continue
            if self._is_new(event):
                for event_type, handler in list(self._handlers):
                    if fnmatchcase(event.event_type, event_type):
                        error = await _outcome(run, handler, event)
                        if error is not None:
                            await self._report(run, error, event)

    def _is_new(self, event: Event) -> bool:
        """Whether it has not come before: by its tenant, id and time, as the bridge tells events apart."""
        key = (event.tenant_id, event.event_id, event.timestamp)
        if key in self._remembered:
            return False
        self._remembered[key] = None
        if len(self._remembered) > REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        return True

    async def _report(self, run: _Run, error: Exception, event: Optional[Event]) -> None:
        failed: Optional[Exception] = error
        if self._on_error is not None:
            failed = await _outcome(run, self._on_error, error, event)
        if failed is not None:
            _log.error("%s", f"a handler of {event.event_type} failed" if event else failed, exc_info=failed)


async def _outcome(run: _Run, function: Callable[..., object], *arguments: object) -> Optional[Exception]:
    """Calls a function or a coroutine of the program's; returns what it raises."""
    result, error = await run.loop.run_in_executor(run.executor, _call, function, *arguments)
    return await _await(result) if error is None and inspect.isawaitable(result) else error


def _call(function: Callable[..., object], *arguments: object) -> tuple[object, Optional[Exception]]:
    """What it returns and what it raises. It is caught here, since a future can't take every exception."""
    try:
        return function(*arguments), None
    except Exception as error:  # noqa: BLE001, whatever it is, the other handlers have their turn
        return None, error


async def _await(result: Awaitable[object]) -> Optional[Exception]:
    """What it raises. It has a task of its own: its cancellation is not that of the processor."""
    task = asyncio.ensure_future(result)
    try:
        await asyncio.wait([task])
    finally:
        task.cancel()
    if task.cancelled():
        return RuntimeError("it was cancelled")
    error = task.exception()
    return error if isinstance(error, Exception) else None
