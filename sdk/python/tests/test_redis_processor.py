"""What handlers are given, and what they can't break."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any, Callable, Optional

import pytest

from installation import ROOT, until
from redis_events import Event, EventProcessor, EventPublisher
from redis_server import RedisServer
from test_redis_publisher import timed_id

Errors = list[tuple[Exception, Optional[Event]]]


class Listening:
    """A processor of a test's events alone, a publisher, and what went wrong."""

    def __init__(self, server: RedisServer, category: str) -> None:
        self.category = category
        self.errors: Errors = []
        self.processor = EventProcessor(
            server.url,
            [f"events:{category}:*"],
            on_error=lambda error, event: self.errors.append((error, event)),
        )
        self.publisher = EventPublisher(server.url)
        self.got: list[str] = []

    def type(self, action: str) -> str:
        return f"{self.category}.{action}"

    def publish(self, *actions: str) -> list[Event]:
        return [self.publisher.publish(self.type(action), "t", {"n": n}) for n, action in enumerate(actions)]

    def note(self, name: str) -> Callable[[Event], None]:
        """A handler that notes what it is called with."""
        return lambda event: self.got.append(f"{name} {event.event_type.partition('.')[2]}")

    def handled(self) -> None:
        """Returns when all that was published has been handled."""
        end = threading.Event()
        self.processor.add_handler(self.type("end"), lambda _: end.set())
        self.publish("end")
        assert end.wait(60.0)


@pytest.fixture
def listening(redis_server: RedisServer, category: str) -> Iterator[Listening]:
    listening = Listening(redis_server, category)
    yield listening
    assert listening.processor.stop()
    listening.publisher.close()


def test_handlers_get_the_events_of_their_types_in_order(listening: Listening) -> None:
    listening.processor.add_handler(listening.type("created"), listening.note("exact"))
    listening.processor.add_handler(listening.type("item.*"), listening.note("pattern"))
    listening.processor.on("*.created", listening.type("item.added"))(listening.note("both"))
    assert listening.processor.start()
    listening.publish("created", "item.added", "other", "item.gone", "created")
    listening.handled()
    assert listening.got == [
        "exact created", "both created", "pattern item.added", "both item.added", "pattern item.gone",
        "exact created", "both created",
    ]  # fmt: skip
    assert listening.errors == []


def test_an_event_comes_as_it_was_sent(listening: Listening) -> None:
    got: list[Event] = []
    handler = listening.processor.on(listening.type("created"))(got.append)
    assert handler == got.append
    assert listening.processor.start()
    (sent,) = listening.publish("created")
    other = listening.publisher.publish(
        listening.type("created"),
        "shop-2",
        {"a": [1, "ü"]},
        "u-1",
        {"session_id": "s"},
        timestamp=datetime(2026, 1, 1, tzinfo=timezone.utc),
    )
    listening.handled()
    assert got == [sent, other]


def test_an_event_that_comes_twice_is_handled_once(
    listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("redis_events.REMEMBERED", 3)
    listening.processor.add_handler(listening.type("c*"), listening.note("h"))
    assert listening.processor.start()
    (event,) = listening.publish("c0")
    listening.publisher.send(event)
    listening.publish("c1", "c2")
    listening.publisher.send(event)
    # Its id is forgotten now.
    listening.publish("c3")
    listening.publisher.send(event)
    listening.handled()
    assert listening.got == ["h c0", "h c1", "h c2", "h c3", "h c0"]


@pytest.mark.parametrize(
    ("members", "times"),
    [
        ({"event_id": "e", "timestamp": "2026-01-01T00:00:00Z"}, 1),
        # Without an id the payload stands for it.
        ({"timestamp": "2026-01-01T00:00:00Z"}, 1),
        ({"event_id": timed_id(datetime.now(timezone.utc))}, 1),
        # Without a time they are two: of services that say no more, each message is an event.
        ({"event_id": "e"}, 2),
        ({}, 2),
    ],
)
@pytest.mark.parametrize("patterns", [["*"], ["*", "c*", "?4"]], ids=["one pattern", "overlapping patterns"])
def test_a_payload_that_is_published_twice_is_as_many_events_as_for_the_bridge(
    redis_server: RedisServer, category: str, patterns: list[str], members: dict[str, str], times: int
) -> None:
    got: list[Event] = []
    processor = EventProcessor(redis_server.url, [f"events:{category}:{pattern}" for pattern in patterns])
    processor.add_handler(f"{category}.c4", got.append)
    payload = json.dumps({"event_type": f"{category}.c4", **members})
    with processor, redis_server.client() as client:
        for _ in range(2):
            client.publish(f"events:{category}:c4", payload)
    assert len(got) == times


def test_an_event_without_a_time_has_that_of_when_it_came(listening: Listening) -> None:
    """However long the handlers take for those before."""
    blocked = threading.Event()
    go_on = threading.Event()
    got: list[Event] = []

    @listening.processor.on(listening.type("first"))
    def block(event: Event) -> None:
        blocked.set()
        assert go_on.wait(60.0)

    listening.processor.add_handler(listening.type("undated"), got.append)
    assert listening.processor.start()
    listening.publish("first")
    assert blocked.wait(60.0)
    with listening.publisher._redis as client:
        client.publish(
            f"events:{listening.category}:undated", json.dumps({"event_type": listening.type("undated")})
        )
    run = listening.processor._run
    assert run is not None
    until("it has come", lambda: run.queue.qsize() == 1)
    came = datetime.now(timezone.utc)
    go_on.set()
    listening.handled()
    (event,) = got
    assert event.timestamp <= came


def test_overlapping_patterns_give_an_event_once(redis_server: RedisServer, category: str) -> None:
    got: list[Event] = []
    processor = EventProcessor(redis_server.url, [f"events:{category}:*", f"events:{category}:a*"])
    processor.add_handler("*", got.append)
    with processor, EventPublisher(redis_server.url) as publisher:
        events = [publisher.publish(f"{category}.{action}", "t", {}) for action in ("a", "b")]
        until("both are handled", lambda: len(got) >= 2)
    assert got == events


class Callback:
    """A handler that is neither a function nor a coroutine."""

    def __init__(self, got: list[str]) -> None:
        self.got = got

    async def __call__(self, event: Event) -> None:
        await asyncio.sleep(0)
        self.got.append("object")


def test_functions_and_coroutines_of_any_kind_are_handlers(listening: Listening) -> None:
    threads: set[str] = set()

    @listening.processor.on(listening.type("created"))
    async def first(event: Event) -> None:
        await asyncio.sleep(0)
        listening.got.append("coroutine")

    @listening.processor.on(listening.type("created"))
    def second(event: Event) -> None:
        threads.add(threading.current_thread().name)
        listening.got.append("function")

    async def third(name: str, event: Event) -> None:
        await asyncio.sleep(0)
        listening.got.append(name)

    listening.processor.add_handler(listening.type("created"), functools.partial(third, "partial"))
    listening.processor.add_handler(listening.type("created"), lambda event: third("lambda", event))
    listening.processor.add_handler(listening.type("created"), Callback(listening.got))
    assert listening.processor.start()
    listening.publish(*["created"] * 20)
    listening.handled()
    assert listening.got == ["coroutine", "function", "partial", "lambda", "object"] * 20
    # A connection to SQLite, say, can be used on one thread alone.
    assert len(threads) == 1
    with pytest.raises(TypeError, match="handler must be callable, not str"):
        listening.processor.add_handler("*", "handler")  # type: ignore[arg-type]


def raising(error: BaseException) -> Callable[[Event], None]:
    def handler(event: Event) -> None:
        raise error

    return handler


@pytest.mark.parametrize("error", [ValueError("no"), StopIteration(), asyncio.TimeoutError()], ids=repr)
def test_a_handler_that_fails_is_told_and_costs_the_others_nothing(
    listening: Listening, error: Exception
) -> None:
    async def coroutine(event: Event) -> None:
        raise error

    listening.processor.add_handler(listening.type("*"), raising(error))
    if not isinstance(error, StopIteration):  # which no coroutine can raise
        listening.processor.add_handler(listening.type("*"), coroutine)
    listening.processor.add_handler(listening.type("*"), listening.note("h"))
    assert listening.processor.start()
    first, second = listening.publish("created", "cancelled")
    until("both are handled", lambda: listening.got == ["h created", "h cancelled"])
    expected = [first, second] if isinstance(error, StopIteration) else [first, first, second, second]
    assert listening.errors == [(error, event) for event in expected]


def test_a_coroutine_whose_work_is_cancelled_does_not_end_the_processor(listening: Listening) -> None:
    @listening.processor.on(listening.type("created"))
    async def handler(event: Event) -> None:
        task = asyncio.ensure_future(asyncio.sleep(60))
        task.cancel()
        await task

    assert listening.processor.start()
    (event,) = listening.publish("created")
    listening.handled()
    ((error, of),) = listening.errors
    assert (str(error), of) == ("it was cancelled", event)


def test_a_payload_that_is_no_event_is_told_with_its_channel(listening: Listening) -> None:
    assert listening.processor.start()
    with listening.publisher._redis as client:
        client.publish(f"events:{listening.category}:created", b"\xff")
        client.publish(f"events:{listening.category}:created", b"[" * 100_000)
        client.publish(f"events:{listening.category}:created", b"{}")
    listening.handled()
    channel = f"events:{listening.category}:created"
    assert [event for _, event in listening.errors] == [None, None, None]
    assert str(listening.errors[0][0]).startswith(f"{channel}: 'utf-8' codec can't decode byte")
    assert [str(error) for error, _ in listening.errors[1:]] == [
        f"{channel}: it is nested too deeply",
        f"{channel}: it must be an object with an event_type",
    ]


def test_an_on_error_may_be_a_coroutine(redis_server: RedisServer, category: str) -> None:
    told: list[str] = []

    async def on_error(error: Exception, event: Event | None) -> None:
        await asyncio.sleep(0)
        told.append(str(error))

    processor = EventProcessor(redis_server.url, [f"events:{category}:*"], on_error=on_error)
    processor.add_handler("*", raising(ValueError("no")))
    with processor, EventPublisher(redis_server.url) as publisher:
        publisher.publish(f"{category}.created", "t", {})
    assert told == ["no"]


@pytest.mark.parametrize("on_error", [None, raising(KeyError("worse"))], ids=["none", "one that fails"])
def test_without_an_on_error_that_works_the_log_is_told(
    redis_server: RedisServer, category: str, on_error: Any, caplog: pytest.LogCaptureFixture
) -> None:
    told = None if on_error is None else lambda error, event: on_error(event)
    processor = EventProcessor(redis_server.url, [f"events:{category}:*"], on_error=told)
    processor.add_handler(f"{category}.created", raising(ValueError("no")))
    with processor, EventPublisher(redis_server.url) as publisher:
        publisher.publish(f"{category}.created", "t", {})
        with publisher._redis as client:
            client.publish(f"events:{category}:created", "[]")
        until("both are told", lambda: len(caplog.records) == 2)
    assert {record.levelno for record in caplog.records} == {logging.ERROR}
    assert caplog.records[0].getMessage() == f"a handler of {category}.created failed"
    shown = "KeyError: 'worse'" if on_error else "ValueError: no"
    assert shown in caplog.text
    assert ("it must be an object" in caplog.records[1].getMessage()) == (on_error is None)


def test_what_has_come_is_handled_before_the_end(listening: Listening) -> None:
    first = threading.Event()
    go_on = threading.Event()

    @listening.processor.on(listening.type("first"))
    def wait(event: Event) -> None:
        first.set()
        assert go_on.wait(60.0)

    listening.processor.add_handler(listening.type("later"), listening.note("h"))
    assert listening.processor.start()
    assert listening.processor.connected
    listening.publish("first", *["later"] * 50)
    assert first.wait(60.0)
    run = listening.processor._run
    assert run is not None
    until("all have come", lambda: run.queue.qsize() == 50)
    assert not listening.processor.stop(timeout=0.0)
    go_on.set()
    assert listening.processor.stop()
    assert listening.got == ["h later"] * 50
    assert not listening.processor.connected
    assert listening.processor.stop()


def test_it_can_be_started_again_but_not_twice(listening: Listening) -> None:
    listening.processor.add_handler(listening.type("created"), listening.note("h"))
    for _ in range(2):
        assert listening.processor.start()
        with pytest.raises(RuntimeError, match="it is listening already"):
            listening.processor.start()
        with pytest.raises(RuntimeError, match="it is listening already"):
            listening.processor.run()
        listening.publish("created")
        listening.handled()
        assert listening.processor.stop()
    assert listening.got == ["h created"] * 2


@pytest.mark.parametrize("kind", ["function", "coroutine"])
def test_a_handler_may_stop_it(listening: Listening, kind: str) -> None:
    stopped: list[bool] = []

    def stop(event: Event) -> None:
        stopped.append(listening.processor.stop(timeout=60.0))

    async def stop_async(event: Event) -> None:
        stop(event)

    listening.processor.add_handler(listening.type("created"), stop if kind == "function" else stop_async)
    thread = threading.Thread(target=listening.processor.run)
    thread.start()
    until("it listens", lambda: listening.processor.connected)
    listening.publish("created")
    thread.join(60.0)
    assert not thread.is_alive()
    assert stopped == [False]


def test_it_listens_in_an_event_loop(listening: Listening) -> None:
    async def run() -> None:
        got: asyncio.Queue[Event] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        @listening.processor.on(listening.type("created"))
        async def handler(event: Event) -> None:
            assert asyncio.get_running_loop() is loop
            await got.put(event)

        async with listening.processor:
            assert listening.processor.connected
            (event,) = listening.publish("created")
            assert await asyncio.wait_for(got.get(), 60.0) == event
        assert not listening.processor.connected

        task = asyncio.ensure_future(listening.processor.run_async())
        while not listening.processor.connected:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert listening.processor.stop()

    asyncio.run(run())


PROGRAM = """
import signal, sys, threading
from redis_events import EventProcessor

# A shell ignores it for what it runs in the background, and so would this.
signal.signal(signal.SIGINT, signal.default_int_handler)
processor = EventProcessor(sys.argv[1], [f"events:{sys.argv[2]}:*"])
processor.add_handler("*", lambda event: print(event.event_type, flush=True))
print(threading.active_count(), flush=True)
"""


@contextlib.contextmanager
def running(program: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process of Python. It is gone in the end: one that is left would fail another test."""
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", program, *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT / "sdk" / "python")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("end", ["stop by a signal", "no stop", "SIGINT"])
def test_a_program_that_listens_ends(redis_server: RedisServer, category: str, end: str) -> None:
    rest = {
        "stop by a signal": "signal.signal(signal.SIGTERM, lambda *_: processor.stop())\nprocessor.run()",
        "no stop": "processor.start()\ninput()",
        "SIGINT": "try: processor.run()\nexcept KeyboardInterrupt: pass",
    }[end]
    with running(PROGRAM + rest, redis_server.url, category) as program:
        with EventPublisher(redis_server.url) as publisher:
            event = Event.new(f"{category}.created", "t", {})
            until("it listens", lambda: publisher.send(event) > 0)
        assert program.stdout is not None
        assert [program.stdout.readline() for _ in range(2)] == ["1\n", f"{category}.created\n"]
        if end != "no stop":
            program.send_signal(signal.SIGINT if end == "SIGINT" else signal.SIGTERM)
        _, errors = program.communicate("\n", timeout=60.0)
        assert (program.returncode, errors) == (0, "")


@pytest.mark.parametrize("patterns", [[], "events:*"])
def test_patterns_are_a_list(patterns: Any) -> None:
    with pytest.raises(ValueError, match="patterns must be a list of at least one"):
        EventProcessor(patterns=patterns)


def test_a_url_of_something_else_is_an_error_at_once() -> None:
    with pytest.raises(ValueError, match="redis://"):
        EventProcessor("http://localhost:6379")


def test_what_was_published_before_the_end_is_handled(listening: Listening) -> None:
    blocked = threading.Event()
    go_on = threading.Event()

    @listening.processor.on(listening.type("first"))
    async def block(event: Event) -> None:
        """So that nothing is read."""
        blocked.set()
        assert go_on.wait(60.0)

    listening.processor.add_handler(listening.type("later"), listening.note("h"))
    assert listening.processor.start()
    listening.publish("first")
    assert blocked.wait(60.0)
    for _ in range(500):
        listening.publisher.publish(listening.type("later"), "t", {"text": "x" * 1_000})
    assert not listening.processor.stop(timeout=0.0)
    go_on.set()
    assert listening.processor.stop()
    assert len(listening.got) == 500
