"""Connections of a processor that break, are cut, or can't be opened."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest

from installation import free_port, until
from redis_events import Event, EventProcessor, EventPublisher
from redis_server import Cable, RedisServer


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("redis_events.FIRST_DELAY", 0.01)
    monkeypatch.setattr("redis_events.MAX_DELAY", 0.1)


def events_come(processor: EventProcessor, server: RedisServer) -> None:
    """Events that are published once it says that it is connected are handled."""
    until("it is connected", lambda: processor.connected)
    came = threading.Event()
    event_type = f"test.{id(came)}"
    processor.add_handler(event_type, lambda _: came.set())
    with EventPublisher(server.url) as publisher:
        publisher.publish(event_type, "t", {})
    assert came.wait(60.0)


def test_a_server_that_was_killed_is_found_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with RedisServer(tmp_path, password="s3cret") as server, EventProcessor(server.url) as processor:
        for times in range(1, 3):
            events_come(processor, server)
            server.kill()
            until("it notices", lambda: not processor.connected)
            assert processor.lost_connections == times
            server.start()
        events_come(processor, server)
    assert "Redis can't be listened to" in caplog.text
    assert "s3cret" not in caplog.text


def test_a_connection_that_the_server_ends_is_opened_again(redis_server: RedisServer) -> None:
    with EventProcessor(redis_server.url) as processor, redis_server.client() as client:
        events_come(processor, redis_server)
        client.client_kill_filter(_type="pubsub")
        until("it has noticed", lambda: processor.lost_connections == 1)
        events_come(processor, redis_server)


def test_a_cut_cable_is_noticed(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("redis_events.PING_INTERVAL", 0.05)
    monkeypatch.setattr("redis_events.SILENCE", 1.0)
    cable = Cable(redis_server.port)
    with EventProcessor(f"redis://127.0.0.1:{cable.port}") as processor:
        events_come(processor, redis_server)
        cable.cut()
        until("it is noticed", lambda: not processor.connected)
        assert processor.lost_connections == 1
        # One that says nothing from the start is given up too.
        connections = cable.connections
        until("it is tried again", lambda: cable.connections >= connections + 2)
        cable.mend()
        events_come(processor, redis_server)
    cable.close()


def test_a_quiet_connection_is_kept(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("redis_events.PING_INTERVAL", 0.01)
    with EventProcessor(redis_server.url) as processor, redis_server.client() as client:

        def pinged() -> int:
            return int(client.info("commandstats").get("cmdstat_ping", {}).get("calls", 0))

        before = pinged()
        until("it is pinged", lambda: pinged() >= before + 20)
        assert processor.lost_connections == 0
        events_come(processor, redis_server)


def test_it_may_be_started_before_the_server(tmp_path: Path) -> None:
    with RedisServer(tmp_path) as server:
        server.kill()
        processor = EventProcessor(server.url)
        assert not processor.start(wait=0.0)
        assert not processor.connected
        server.start()
        events_come(processor, server)
        assert processor.lost_connections == 0
        assert processor.stop()


def test_it_ends_while_there_is_no_server() -> None:
    processor = EventProcessor(f"redis://127.0.0.1:{free_port()}")
    assert not processor.start(wait=0.0)
    assert processor.stop()


def test_slow_handlers_are_no_silence(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is read while the queue is full, however long that takes."""
    monkeypatch.setattr("redis_events.PING_INTERVAL", 0.05)
    monkeypatch.setattr("redis_events.SILENCE", 0.2)
    go_on = threading.Event()
    got: list[Event] = []
    errors: list[Exception] = []

    def slow(event: Event) -> None:
        assert go_on.wait(60.0)
        got.append(event)

    def on_error(error: Exception, event: Event | None) -> None:
        errors.append(error)

    processor = EventProcessor(redis_server.url, ["events:slow:*"], on_error=on_error, max_queued=1)
    processor.add_handler("*", slow)
    with processor, EventPublisher(redis_server.url) as publisher:
        events = [publisher.publish("slow.event", "t", {"n": n}) for n in range(10)]
        run = processor._run
        assert run is not None
        until("the queue is full", run.queue.full)
        began = run.loop.time()
        until("that is longer than silence may be", lambda: run.loop.time() > began + 0.3)
        go_on.set()
        until("all are handled", lambda: len(got) == 10)
        assert processor.connected
        assert processor.lost_connections == 0
    assert (got, errors) == (events, [])
