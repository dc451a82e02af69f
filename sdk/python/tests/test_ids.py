"""The ids that the client makes, and those that it is given."""

from __future__ import annotations

import os
import random
import threading
import time
import uuid
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from event_client import EventClient, EventSDKError, EventValidationError, _ids
from scripted_server import ScriptedServer, reply

AT = datetime(2026, 11, 20, 21, 57, 13, 123_999, tzinfo=timezone.utc)
AT_MILLIS = 1_795_211_833_123
ID = "01a1fba2-4f00-71f9-be03-ad6966784033"
TIME_OF_ID = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=0x01A1FBA24F00)


def test_an_id_is_a_uuid_of_version_7_with_the_time_at_its_head() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid.UUID(_ids.new_id())
    after = time.time_ns() // 1_000_000
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert before <= made.int >> 80 <= after


@pytest.mark.parametrize("years", [-100, -1, 0, 1, 40, 7_900])
def test_an_id_of_a_given_time_carries_it_to_the_millisecond(years: int) -> None:
    at = AT.replace(year=max(1970, AT.year + years))
    made = uuid.UUID(_ids.new_id(at))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=made.int >> 80) == at.replace(
        microsecond=123_000
    )


def test_ids_of_one_thread_grow() -> None:
    made = [_ids.new_id() for _ in range(10_000)]
    assert made == sorted(made)


@pytest.mark.parametrize("distance", [timedelta(0), timedelta(days=-400), timedelta(days=1)])
def test_ids_of_one_time_keep_the_order_of_arrival(distance: timedelta) -> None:
    at = datetime.now(timezone.utc) + distance
    made = [_ids.new_id(at) for _ in range(10_000)]
    assert made == sorted(made)


def test_ids_of_one_time_keep_it_over_years_and_between_processes() -> None:
    at = 1_795_211_833_000_000
    limits = [at + sign * (1 << bits) for bits in range(52) for sign in (-1, 1)]
    near = [limit + step for limit in limits for step in (-1, 0, 1)]
    arrivals = sorted({*near, *(at + random.randrange(-(10**15), 10**15) for _ in range(1_000))})
    tails = [_ids._tail(arrival - at) for arrival in arrivals]
    assert all(0 <= tail < 1 << 74 for tail in tails)
    assert tails == sorted(tails)
    assert len(set(tails)) == len(tails)


def test_ids_that_processes_make_in_the_same_microsecond_differ() -> None:
    assert len({_ids._tail(250) for _ in range(10_000)}) == 10_000


def test_a_clock_that_steps_back_does_not_change_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([3_000_000_000_000_000, 1_000_000_000_000_000, 2_000_000_000_000_000])
    arrivals = _ids._Arrivals()
    arrived = [arrivals.next(next(ticks)) for _ in range(3)]
    assert arrived == [3_000_000_000_000_000, 3_000_000_000_000_001, 3_000_000_000_000_002]


def test_ids_of_many_threads_and_of_one_moment_differ() -> None:
    at = datetime(2026, 1, 1, tzinfo=timezone.utc)
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.extend(_ids.new_id(at) for _ in range(2_000))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 16_000


def test_a_signal_handler_may_make_an_id_while_one_is_made() -> None:
    with _ids._arrivals._lock:
        assert _ids.new_id()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_makes_ids_of_its_own_whatever_its_parent_was_doing() -> None:
    at = datetime(2026, 1, 1, tzinfo=timezone.utc)
    reader, writer = os.pipe()
    with _ids._arrivals._lock:
        child = os.fork()
        if child == 0:
            os.write(writer, "".join(_ids.new_id(at) for _ in range(100)).encode())
            os._exit(0)
    own = {_ids.new_id(at) for _ in range(100)}
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    assert os.waitpid(child, 0)[1] == 0
    theirs = {text[start : start + 36] for start in range(0, len(text), 36)}
    assert (len(own), len(theirs), own & theirs) == (100, 100, set())


def test_an_id_and_the_time_it_tells_go_together() -> None:
    with ScriptedServer() as server, EventClient(server.url) as client:
        at = TIME_OF_ID.astimezone(timezone(timedelta(hours=5))) + timedelta(microseconds=999)
        assert client.track_event("c", "event_a", event_id=ID, timestamp=at) == ID
        assert client.track_event("c", "event_a", event_id=uuid.UUID(ID)) == ID  # type: ignore[arg-type]
    for request in server.requests:
        assert request.json["id"] == ID
        assert "timestamp" not in request.json


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"id": ID, "timestamp": TIME_OF_ID - timedelta(days=30)}, "id and timestamp disagree"),
    ({"id": ID, "timestamp": TIME_OF_ID + timedelta(milliseconds=1)}, "id and timestamp disagree"),
    ({"id": "order-7", "timestamp": TIME_OF_ID}, "an id of another form is a message_id"),
    ({"message_id": "order-7"}, "a message_id needs a timestamp and excludes an id"),
    ({"message_id": "order-7", "id": ID, "timestamp": TIME_OF_ID}, "needs a timestamp and excludes an id"),
    ({"message_id": "", "timestamp": TIME_OF_ID}, "the id of an event must not be empty"),
    ({"message_id": "order-7", "timestamp": datetime(2026, 1, 1)}, "with a time zone"),  # noqa: DTZ001
    ({"timestamp": datetime(1969, 12, 31, tzinfo=timezone.utc)}, "must not be before 1970"),
]


@pytest.mark.parametrize(("fields", "words"), WRONG)
def test_an_id_that_can_not_be_is_refused(fields: dict[str, Any], words: str) -> None:
    options = {("event_id" if name == "id" else name): value for name, value in fields.items()}
    with ScriptedServer() as server, EventClient(server.url) as client:
        with pytest.raises(EventValidationError, match=words):
            client.track_event("c", "event_a", **options)
        (result,) = client.track_events([{"conversation_id": "c", "event_name": "event_a", **fields}])
    assert words in result["error"]
    assert server.requests == []


def test_a_message_id_is_sent_with_its_time_and_the_server_makes_the_id() -> None:
    answer = {"success": True, "data": {"id": ID}}
    with ScriptedServer(reply(answer, 202)) as server, EventClient(server.url) as client:
        at = datetime(2026, 1, 2, 3, 4, 5, 678_999, tzinfo=timezone(timedelta(hours=2)))
        assert client.track_event("c", "event_a", message_id="order-7", timestamp=at) == ID
        server.acts = (reply({"success": True}, 202),)
        with pytest.raises(EventSDKError, match="does not tell the id"):
            client.track_event("c", "event_a", message_id="order-7", timestamp=at)
    sent = server.requests[0].json
    assert (sent["message_id"], sent["timestamp"]) == ("order-7", "2026-01-02T01:04:05.678+00:00")
    assert "id" not in sent
