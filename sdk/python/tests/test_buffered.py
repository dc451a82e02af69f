"""The queue and its thread, against a server that does as it is told."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest

from buffered_event_client import BufferedEventClient
from event_client import EventClient, EventSDKError, EventValidationError
from installation import until
from scripted_server import Act, ScriptedServer, echo_batch, events_of, hang, raw, received, reply, reset


class Told:
    """What `on_error` was called with."""

    def __init__(self) -> None:
        self.calls: list[tuple[EventSDKError, list[dict[str, Any]]]] = []

    def __call__(self, error: EventSDKError, events: list[dict[str, Any]]) -> None:
        self.calls.append((error, events))

    @property
    def messages(self) -> list[str]:
        return [str(error) for error, _ in self.calls]

    @property
    def ids(self) -> list[str]:
        return [event["id"] for _, events in self.calls for event in events]


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def down() -> Iterator[ScriptedServer]:
    """Never there, and quick to say so."""
    with ScriptedServer(reply(status=503)) as server:
        yield server


def buffered(server: ScriptedServer, **options: Any) -> BufferedEventClient:
    client = EventClient(server.url, timeout=2.0, retry_delay=0.01)
    return BufferedEventClient(client=client, **options)


def test_events_arrive_packed_in_batches_and_in_order() -> None:
    with ScriptedServer(echo_batch) as server:
        with buffered(server, batch_events=100, flush_interval=60.0) as events:
            ids = [events.track_event("c", "event_a", input=str(n)) for n in range(1_000)]
            assert events.flush(10.0)
            assert events.pending == 0
        assert received(server) == ids
        assert all(request.headers["content-encoding"] == "gzip" for request in server.requests)
        assert all(len(events_of(request)) <= 100 for request in server.requests)
        assert events.dropped == 0


def test_a_lone_event_is_sent_after_the_interval() -> None:
    with ScriptedServer(echo_batch) as server, buffered(server, flush_interval=0.05) as events:
        event_id = events.track_event("c", "event_a")
        until("it arrives", lambda: received(server) == [event_id])


@pytest.mark.parametrize("full", [{"batch_events": 3}, {"batch_bytes": 3_000}])
def test_a_full_batch_does_not_wait_for_the_interval(full: dict[str, int]) -> None:
    with ScriptedServer(echo_batch) as server, buffered(server, flush_interval=3_600.0, **full) as events:
        ids = [events.track_event("c", "event_a", input="x" * 1_000) for _ in range(3)]
        until("some arrive", lambda: received(server)[:2] == ids[:2])


def test_a_batch_holds_no_more_bytes_than_it_may() -> None:
    with ScriptedServer(echo_batch) as server:
        with buffered(server, batch_bytes=10_000, flush_interval=60.0) as events:
            for size in (9_000, 9_000, 20_000, 10, 10):
                events.track_event("c", "event_a", input="x" * size)
        assert [len(events_of(request)) for request in server.requests] == [1, 1, 1, 2]


def test_a_wrong_event_is_told_at_once(told: Told) -> None:
    with ScriptedServer(echo_batch) as server, buffered(server, on_error=told) as events:
        assert events.track_event("", "event_a", user_id="u-1") is None
        assert events.track_event("c", "other") is None
        assert events.track_event("c", "event_a", latency=float("nan")) is None
        assert (events.pending, events.dropped) == (0, 3)
    assert [type(error) for error, _ in told.calls] == [EventValidationError] * 3
    assert told.messages[2] == "latency must be a finite number"
    assert [event.get("user_id") for _, lost in told.calls for event in lost] == ["u-1", "", ""]


def test_the_log_tells_of_a_wrong_event(caplog: pytest.LogCaptureFixture) -> None:
    with ScriptedServer(echo_batch) as server, buffered(server) as events:
        assert events.track_event("", "event_a") is None
    assert caplog.messages == ["conversation_id is required; dropped: one without an id"]


def test_a_message_id_is_returned_where_the_server_makes_the_id() -> None:
    at = datetime(2026, 1, 1, tzinfo=timezone.utc)
    with ScriptedServer(reply({"data": {"results": [{"id": "x"}]}}, 202)) as server:
        with buffered(server) as events:
            assert events.track_event("c", "event_a", message_id="order-7", timestamp=at) == "order-7"
            assert events.flush(10.0)
        assert [event["message_id"] for event in events_of(server.requests[0])] == ["order-7"]


@pytest.mark.parametrize(
    "fault",
    [
        reset,
        reply(status=500),
        reply(b"<html>", 502),
        reply(status=429),
        reply(status=503, Retry_After=f"Sat, 21 Nov {10**30} 00:00:00 GMT"),
        raw(b"HTTP/1.1 202 Accepted\r\nContent-Length: 9" + b"9" * 30 + b"\r\n\r\n{}"),
    ],
)
def test_a_fault_is_outlasted_however_long_it_takes(fault: Act, told: Told) -> None:
    with ScriptedServer(*[fault] * 5, echo_batch) as server:
        with buffered(server, on_error=told, flush_interval=0.0) as events:
            event_id = events.track_event("c", "event_a")
            assert events.flush(30.0)
        assert received(server) == [event_id] * 6
    assert (told.calls, events.dropped) == ([], 0)


def test_a_retry_after_is_obeyed() -> None:
    with ScriptedServer(reply(status=503, Retry_After="1"), echo_batch) as server:
        with buffered(server) as events:
            events.track_event("c", "event_a")
            assert events.flush(10.0)
        assert server.gaps()[0] >= 1.0


def test_a_retry_after_is_obeyed_for_a_minute_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("buffered_event_client.MAX_RETRY_AFTER", 0.3)
    with ScriptedServer(reply(status=503, Retry_After="9" * 400), echo_batch) as server:
        with buffered(server) as events:
            events.track_event("c", "event_a")
            assert events.flush(10.0)
        assert server.gaps()[0] >= 0.3


def test_a_send_that_can_not_be_costs_only_its_batch(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(echo_batch) as server:
        with buffered(server, on_error=told) as events:
            with monkeypatch.context() as patch:
                patch.setattr("gzip.compress", lambda *_, **__: 1 / 0)
                lost = events.track_event("c", "event_a")
                assert events.flush(10.0)
            kept = events.track_event("c", "event_a")
        assert received(server) == [kept]
    assert told.ids == [lost]
    assert told.messages == ["can't be sent: ZeroDivisionError('division by zero')"]
    assert events.dropped == 1


def test_a_thread_that_can_not_be_started_is_started_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("can't start new thread")

    with ScriptedServer(echo_batch) as server:
        with buffered(server, max_events=1) as events:
            with monkeypatch.context() as patch:
                patch.setattr("threading.Thread.start", fail)
                event_id = events.track_event("c", "event_a")
                assert event_id
                assert events.pending == 1
            assert events.track_event("c", "event_a") is None
            assert events.flush(10.0)
        assert received(server) == [event_id]


@pytest.fixture
def no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """As at the end of an interpreter of Python 3.12."""
    start = threading.Thread.start

    def fail(thread: threading.Thread) -> None:
        if thread.name == "millrace-events":
            raise RuntimeError("can't create new thread at interpreter shutdown")
        start(thread)

    monkeypatch.setattr("threading.Thread.start", fail)


@pytest.mark.usefixtures("no_thread")
def test_the_end_sends_without_a_thread() -> None:
    with ScriptedServer(reset, echo_batch) as server:
        events = buffered(server, batch_events=2)
        ids = [events.track_event("c", "event_a") for _ in range(5)]
        assert events.pending == 5
        assert events.close(timeout=60.0) is True
        assert received(server) == [*ids[:2], *ids]
    assert (events.pending, events.dropped) == (0, 0)


@pytest.mark.usefixtures("no_thread")
def test_many_flush_without_a_thread_and_each_event_is_sent_once() -> None:
    with ScriptedServer(echo_batch) as server:
        events = buffered(server, batch_events=7)
        made: list[str | None] = []

        def track() -> None:
            for _ in range(50):
                made.append(events.track_event("c", "event_a"))
                assert events.flush(60.0)

        threads = [threading.Thread(target=track) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert events.close() is True
        assert sorted(received(server)) == sorted(map(str, made))
    assert (len(made), events.dropped) == (200, 0)


@pytest.mark.usefixtures("no_thread")
@pytest.mark.parametrize("fault", [hang, reset, reply(status=503, Retry_After="60")])
def test_the_end_without_a_thread_takes_no_longer_than_it_may(told: Told, fault: Act) -> None:
    with ScriptedServer(fault) as server:
        events = BufferedEventClient(client=EventClient(server.url, timeout=600.0), on_error=told)
        ids = [events.track_event("c", "event_a") for _ in range(3)]
        assert events.flush(0.1) is False
        assert (events.pending, events.dropped) == (3, 0)
        assert events.close(timeout=0.2) is False
    assert told.messages == ["closed, and not sent within 0.2 seconds"]
    assert told.ids == ids


@pytest.mark.usefixtures("no_thread")
def test_on_error_may_flush_and_close_without_a_thread() -> None:
    told, flushed = Told(), []

    def give_up(error: EventSDKError, lost: list[dict[str, Any]]) -> None:
        told(error, lost)
        flushed.append((events.flush(), events.close()))

    with ScriptedServer(reply({"error": "no"}, 401), echo_batch) as server:
        events = buffered(server, on_error=give_up, batch_events=1)
        ids = [events.track_event("c", "event_a") for _ in range(3)]
        assert events.flush(60.0) is True
        assert events.close() is True
        assert received(server) == ids
    assert flushed == [(False, False)]
    assert told.ids == ids[:1]


def test_a_thread_that_has_died_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(echo_batch) as server:
        with buffered(server) as events:
            with monkeypatch.context() as patch:
                patch.setattr(events, "_run", lambda: None)
                first = events.track_event("c", "event_a")
                until("it is dead", lambda: not (events._thread and events._thread.is_alive()))
            assert events.flush(10.0)
            second = events.track_event("c", "event_a")
        assert received(server) == [first, second]


def test_what_the_server_refuses_is_told_with_its_reason(told: Told) -> None:
    def refuse_second(connection: Any, request: Any) -> bool:
        results: list[dict[str, str]] = [{"id": event["id"]} for event in events_of(request)]
        results[1] = {"error": "latency must not be negative", "code": "invalid_field"}
        return reply({"data": {"results": results}}, 202)(connection, request)

    with ScriptedServer(refuse_second) as server:
        with buffered(server, on_error=told) as events:
            ids = [events.track_event("c", "event_a", latency=n) for n in (1, -2, 3)]
    assert told.messages == ["latency must not be negative"]
    assert told.ids == ids[1:2]
    assert events.dropped == 1


def test_a_refusal_of_the_whole_is_told_of_all(told: Told) -> None:
    with ScriptedServer(reply({"error": "unknown key"}, 401)) as server:
        with buffered(server, on_error=told) as events:
            ids = [events.track_event("c", "event_a") for _ in range(3)]
    assert told.messages == ["unknown key"]
    assert told.calls[0][0].status_code == 401
    assert told.ids == ids
    assert events.dropped == 3


@pytest.mark.parametrize(
    "too_large",
    [reply({"error": "too large"}, 413), raw(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\n\r\n")],
)
def test_a_batch_too_large_for_the_server_is_halved(told: Told, too_large: Act) -> None:
    def two_at_most(connection: Any, request: Any) -> bool:
        events = events_of(request)
        small = len(events) <= 2 and len(request.json_text) < 5_000
        return (echo_batch if small else too_large)(connection, request)

    with ScriptedServer(two_at_most) as server:
        with buffered(server, on_error=told) as events:
            ids = [events.track_event("c", "event_a", input="x" * 6_000 * (n == 3)) for n in range(8)]
            assert events.flush(10.0)
    assert told.ids == [ids[3]]
    assert events.dropped == 1


@pytest.mark.parametrize("too_slow", [reply({"error": "timeout"}, 408), raw(b"")])
def test_a_batch_too_large_for_the_link_is_halved(told: Told, too_slow: Act) -> None:
    def two_at_most(connection: Any, request: Any) -> bool:
        return (echo_batch if len(events_of(request)) <= 2 else too_slow)(connection, request)

    with ScriptedServer(two_at_most) as server:
        with buffered(server, on_error=told, flush_interval=10.0) as events:
            ids = [events.track_event("c", "event_a") for _ in range(9)]
            assert events.flush(10.0)
    taken = [event["id"] for request in server.requests for event in events_of(request)[:2]]
    assert list(dict.fromkeys(taken)) == ids
    assert (events.dropped, told.ids) == (0, [])


def test_batches_grow_again_behind_one_that_did_not_get_through() -> None:
    with ScriptedServer(reply({"error": "timeout"}, 408), echo_batch) as server:
        with buffered(server, flush_interval=10.0, batch_events=8) as events:
            for _ in range(24):
                events.track_event("c", "event_a")
            assert events.flush(10.0)
    sizes = [len(events_of(request)) for request in server.requests]
    assert (sizes[:3], sum(sizes[1:])) == ([8, 4, 5], 24)


@pytest.mark.parametrize("bounds", [{"max_events": 10}, {"max_bytes": 1_400}])
def test_a_full_queue_drops_and_says_how_many(
    down: ScriptedServer, told: Told, bounds: dict[str, int]
) -> None:
    events = buffered(down, on_error=told, flush_interval=0.0, **bounds)
    ids = [events.track_event("c", "event_a", input="x" * 20) for _ in range(25)]
    kept = [event_id for event_id in ids if event_id]
    assert len(kept) == events.pending <= 10
    assert events.dropped == 25 - len(kept)
    full = re.compile(r"dropped (\d+) events: the queue was full")
    until("it is told", lambda: 25 - len(kept) == sum(int(n) for n in full.findall(str(told.messages))))
    assert events.close(timeout=0.0) is False
    assert told.ids == kept
    assert events.dropped == 25


def test_what_did_not_fit_is_told_at_the_end_too(told: Told) -> None:
    with ScriptedServer(hang) as server:
        events = buffered(server, on_error=told, max_events=1)
        assert events.track_event("c", "event_a")
        assert events.track_event("c", "event_a") is None
        until("it is under way", lambda: len(server.requests) == 1)
        assert events.track_event("c", "event_a") is None
        events.close(timeout=0.1)
        assert [message[:18] for message in told.messages] == ["closed, and not se", "dropped 2 events: "]
        assert events.dropped == 3


def test_what_did_not_fit_is_told_without_a_thread_too(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(echo_batch) as server:
        events = buffered(server, on_error=told, max_events=0)
        monkeypatch.setattr(events, "_ensure_thread", lambda: None)
        assert events.track_event("c", "event_a") is None
        assert events.close() is True
    assert [message[:17] for message in told.messages] == ["dropped 1 events:"]


def test_an_event_larger_than_the_queue_is_told_as_that(told: Told) -> None:
    with ScriptedServer(echo_batch) as server:
        with buffered(server, on_error=told, max_bytes=1_000) as events:
            assert events.track_event("large", "event_a", input="x" * 1_000) is None
            assert events.track_event("small", "event_a")
    ((error, (event,)),) = told.calls
    assert re.fullmatch(r"an event of 1\d\d\d bytes is larger than the queue \(1000 bytes\)", str(error))
    assert event["conversation_id"] == "large"
    assert events.dropped == 1


def test_room_that_is_made_is_used_again() -> None:
    with ScriptedServer(echo_batch) as server:
        with buffered(server, max_events=10) as events:
            for _ in range(10):
                assert all(events.track_event("c", "event_a") for _ in range(10))
                assert events.flush(10.0)
    assert len(received(server)) == 100


def test_a_flush_that_takes_too_long_returns(down: ScriptedServer, told: Told) -> None:
    events = buffered(down, on_error=told)
    events.track_event("c", "event_a")
    assert events.flush(0.1) is False
    assert events.pending == 1
    events.close(timeout=0.0)


def test_what_can_not_be_sent_by_the_end_is_told(told: Told) -> None:
    with ScriptedServer(hang) as server:
        events = buffered(server, on_error=told)
        ids = [events.track_event("c", "event_a") for _ in range(3)]
        start = time.monotonic()
        assert events.close(timeout=0.2) is False
        assert time.monotonic() - start < 2.0
    assert told.messages == ["closed, and not sent within 0.2 seconds"]
    assert told.ids == ids
    assert events.close() is True


def test_the_end_does_not_wait_for_a_pause() -> None:
    with ScriptedServer(reply(status=503, Retry_After="60"), echo_batch) as server:
        events = buffered(server)
        event_id = events.track_event("c", "event_a")
        until("it has failed", lambda: len(server.requests) == 1)
        start = time.monotonic()
        assert events.close(timeout=30.0) is True
        assert time.monotonic() - start < 20.0
        assert received(server) == [event_id] * 2


def test_what_was_told_as_lost_is_not_sent_any_more(told: Told) -> None:
    with ScriptedServer(reply(status=503, Retry_After="60"), echo_batch) as server:
        events = buffered(server, on_error=told)
        event_id = events.track_event("c", "event_a")
        until("it has failed", lambda: len(server.requests) == 1)
        thread = events._thread
        assert thread is not None
        with events._queue._changed:
            # At once, so that there is no time for a last attempt.
            events._queue.close()
            events._queue.abandon()
        thread.join(10.0)
        assert not thread.is_alive()
        assert received(server) == [event_id]


@pytest.mark.parametrize("status", [202, 401])
def test_what_was_settled_is_not_told_again_while_on_error_takes_its_time(status: int) -> None:
    told, busy, end = Told(), threading.Event(), threading.Event()

    def slow(error: EventSDKError, events: list[dict[str, Any]]) -> None:
        told(error, events)
        busy.set()
        end.wait(30.0)

    def refuse_second(connection: Any, request: Any) -> bool:
        results: list[dict[str, str]] = [{"id": event["id"]} for event in events_of(request)]
        results[1] = {"error": "no"}
        return reply({"error": "no", "data": {"results": results}}, status)(connection, request)

    with ScriptedServer(refuse_second) as server:
        events = buffered(server, on_error=slow)
        ids = [events.track_event("c", "event_a") for _ in range(3)]
        assert busy.wait(30.0)
        lost = ids if status == 401 else ids[1:2]
        assert (events.pending, events.dropped) == (0, len(lost))
        assert events.flush(0.0)
        assert events.close(timeout=0.1) is True
        end.set()
    assert told.ids == lost
    assert events.dropped == len(lost)


def test_on_error_may_flush_and_close() -> None:
    told, tracked = Told(), threading.Event()

    def give_up(error: EventSDKError, lost: list[dict[str, Any]]) -> None:
        told(error, lost)
        assert tracked.wait(30.0)
        flushed.append(events.flush())
        flushed.append(events.close())

    flushed: list[bool] = []
    with ScriptedServer(reply({"error": "no"}, 401), echo_batch) as server:
        with buffered(server, on_error=give_up, batch_events=1) as events:
            ids = [events.track_event("c", "event_a") for _ in range(3)]
            tracked.set()
            until("it is closed", lambda: len(flushed) == 2)
            assert events.track_event("c", "event_a") is None
            assert events.close() is True
        assert received(server) == ids
    assert told.messages == ["no", "the client is closed"]
    assert flushed[:2] == [False, False]


def test_a_closed_client_takes_nothing_and_says_so(told: Told) -> None:
    with ScriptedServer(echo_batch) as server:
        events = buffered(server, on_error=told)
        events.close()
        assert events.track_event("late", "event_a") is None
    assert told.messages == ["the client is closed"]
    assert [event["conversation_id"] for _, lost in told.calls for event in lost] == ["late"]
    assert events.dropped == 1


def test_the_log_tells_what_was_dropped_if_nobody_else_does(caplog: pytest.LogCaptureFixture) -> None:
    with ScriptedServer(reply({"error": "unknown key"}, 401)) as server, buffered(server) as events:
        event_id = events.track_event("c", "event_a")
    records = [(record.levelno, record.getMessage()) for record in caplog.records]
    assert records == [(logging.WARNING, f"unknown key; dropped: {event_id}")]


@pytest.mark.parametrize("mistake", [RuntimeError("a mistake"), SystemExit(1), KeyboardInterrupt()])
def test_an_error_in_on_error_does_not_end_the_thread(
    caplog: pytest.LogCaptureFixture, mistake: BaseException
) -> None:
    def fail(error: EventSDKError, events: object) -> None:
        raise mistake

    with ScriptedServer(reply({"error": "no"}, 400), echo_batch) as server:
        with buffered(server, on_error=fail) as events:
            events.track_event("c", "event_a")
            assert events.flush(10.0)
            events.track_event("c", "event_a")
            assert events.flush(10.0)
    assert events.dropped == 1
    assert "on_error failed" in caplog.text


def test_many_threads_share_a_queue() -> None:
    with ScriptedServer(echo_batch) as server:
        with buffered(server) as events:
            made: list[str | None] = []

            def track() -> None:
                made.extend(events.track_event("c", "event_a") for _ in range(500))

            threads = [threading.Thread(target=track) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert events.flush(30.0)
        assert sorted(received(server)) == sorted(map(str, made))
        assert len(made) == 4_000
