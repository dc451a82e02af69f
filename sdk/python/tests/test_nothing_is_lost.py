"""Events tracked while the API is killed, and events offered faster than it takes them."""

from __future__ import annotations

import functools
import os
import sys
import threading
import time
from pathlib import Path

from buffered_event_client import BufferedEventClient
from event_client import EventClient
from installation import Installation, free_port, until

THREADS = int(os.environ.get("MILLRACE_TEST_THREADS", "16"))
EVENTS_PER_THREAD = int(os.environ.get("MILLRACE_TEST_EVENTS_PER_THREAD", "250"))
KILLS = 2


def table(millrace: Installation, tenant: str) -> list[str]:
    """The ids of the live events, as ClickHouse itself tells them."""
    query = f"SELECT id FROM event_analytics.events FINAL WHERE tenant = '{tenant}'"
    return millrace.sql(query).splitlines()


def report(figures: str) -> None:
    """Seen with `pytest -s`, and where a test fails."""
    sys.stderr.write(f"{figures}\n")


def test_every_event_that_was_tracked_while_the_api_was_killed_is_there_once(tmp_path: Path) -> None:
    millrace = Installation(tmp_path, api_port=free_port(), engine_port=free_port())
    client = EventClient(millrace.url, timeout=10.0, max_retries=100, retry_delay=0.1)
    tracked: list[list[str]] = [[] for _ in range(THREADS)]

    def track(thread: int) -> None:
        for number in range(EVENTS_PER_THREAD):
            tracked[thread].append(client.track_event(f"chat-{thread}", "event_a", input=str(number)))

    def reached(goal: int) -> bool:
        return sum(map(len, tracked)) >= goal

    threads = [threading.Thread(target=track, args=(number,), daemon=True) for number in range(THREADS)]
    total = THREADS * EVENTS_PER_THREAD
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for kill in range(1, KILLS + 1):
        goal = total * kill // (KILLS + 1)
        until("some are tracked", functools.partial(reached, goal), timeout=600.0)
        millrace.kill()
        millrace.start()
    for thread in threads:
        thread.join(600.0)
    report(f"{total} events in {time.monotonic() - start:.1f} s with {KILLS} kills")
    client.close()
    millrace.catch_up()
    ids = [event_id for ids in tracked for event_id in ids]
    stored = table(millrace, "default")
    millrace.stop()
    assert len(ids) == len(set(ids)) == total
    assert sorted(stored) == sorted(ids)


def test_events_offered_at_high_speed_never_wait_and_all_arrive_once(
    millrace: Installation, tenant: str
) -> None:
    offered = 40_000
    waits: list[float] = []
    ids: list[str | None] = []
    with BufferedEventClient(client=EventClient(millrace.url, tenant=tenant)) as events:
        start, cpu_start = time.perf_counter(), time.thread_time()
        for number in range(offered):
            before = time.perf_counter()
            ids.append(events.track_event(f"chat-{number % 100}", "event_a", latency=1.5, input="a question"))
            waits.append(time.perf_counter() - before)
        seconds, cpu_seconds = time.perf_counter() - start, time.thread_time() - cpu_start
        assert events.flush(120.0)
        flushed = time.perf_counter() - start
        assert events.dropped == 0
    millrace.catch_up()
    waits.sort()
    p99 = waits[len(waits) * 99 // 100]
    report(f"{offered / seconds:.0f} events/s offered, {offered / cpu_seconds:.0f} per CPU second")
    report(f"p99 {p99 * 1e3:.3f} ms, longest {waits[-1] * 1e3:.1f} ms, flushed after {flushed:.1f} s")
    assert sorted(table(millrace, tenant)) == sorted(map(str, ids))
    assert len(set(ids)) == offered
    assert p99 < 0.005
    # Of its own time: what else the machine does is not the client's.
    assert offered / cpu_seconds >= 20_000
