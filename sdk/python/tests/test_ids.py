"""The ids that the client makes."""

from __future__ import annotations

import threading
import time
import uuid
from datetime import datetime, timezone

import event_client


def test_an_id_is_a_uuid_of_version_7_with_the_time_at_its_head() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid.UUID(event_client._new_id())
    after = time.time_ns() // 1_000_000
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert before <= made.int >> 80 <= after


def test_an_id_of_a_given_time_carries_it_to_the_millisecond() -> None:
    at = datetime(2026, 11, 20, 21, 57, 13, 123_999, tzinfo=timezone.utc)
    made = uuid.UUID(event_client._new_id(at))
    assert made.version == 7
    assert made.int >> 80 == 1_795_211_833_123


def test_ids_of_one_thread_grow() -> None:
    made = [event_client._new_id() for _ in range(10_000)]
    assert made == sorted(made)


def test_ids_of_many_threads_and_of_one_moment_differ() -> None:
    at = datetime(2026, 1, 1, tzinfo=timezone.utc)
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.extend(event_client._new_id(at) for _ in range(2_000)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 16_000
