"""What the client of the EventService asks for, while others write."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Callable
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from event_service_client import EventClient
from laboratory import AT, NOT_OURS, NOTHING, nothing, quick
from scripted_server import Act, Request, ScriptedServer, reply


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20T21:57:13.123456Z", AT),
        ("2026-11-20T21:57:13.1234567Z", AT),
        ("2026-11-20T22:57:13.123456+01:00", AT),
        ("2026-11-20T21:57:13.123456", AT),
    ],
)
def test_it_is_the_servers_and_has_a_time_zone(text: str, expected: datetime) -> None:
    with ScriptedServer(reply(text)) as server, EventClient(server.url) as client:
        now = client.get_server_time()
    assert (now, now.utcoffset()) == (expected, timedelta(0))
    (request,) = server.requests
    assert (request.method, request.target) == ("GET", "/api/v2.0/ServerTime")


@pytest.mark.parametrize("body", [b"", b"null", b"now", b'"now"', b"1795557433", b'"1795557433"', b"{}"])
def test_what_is_no_time_is_an_error(body: bytes) -> None:
    with ScriptedServer(reply(body)) as server, EventClient(server.url) as client:
        with pytest.raises(requests.HTTPError, match="the answer was 200"):
            client.get_server_time()


class Table:
    """Answers queries from a list of events, newest first, as the server does; others may write meanwhile."""

    def __init__(self, count: int) -> None:
        self.now = AT
        self.events = [self.event(AT - timedelta(seconds=number)) for number in range(1, count + 1)]
        # What happens before a query is answered, by its number from 0.
        self.meanwhile: dict[int, Callable[[], None]] = {}
        self.queries: list[dict[str, Any]] = []

    @staticmethod
    def event(at: datetime) -> dict[str, Any]:
        return {"eventId": str(uuid.uuid4()), "createdDateUtc": at.isoformat(), "topic": "t"}

    def insert(self, at: datetime) -> None:
        self.events.append(self.event(at))
        self.events.sort(key=lambda event: str(event["createdDateUtc"]), reverse=True)

    def __call__(self, connection: Any, request: Request) -> bool:
        url = urlsplit(request.target)
        if url.path == "/api/v2.0/ServerTime":
            return reply(self.now.isoformat())(connection, request)
        assert url.path == "/api/v2.0/QueryService/Events"
        self.meanwhile.pop(len(self.queries), lambda: None)()
        self.queries.append(request.json)
        limit, offset = (int(parse_qs(url.query)[name][0]) for name in ("limit", "offset"))
        end = datetime.fromisoformat(request.json["End"].replace("Z", "+00:00"))
        found = [event for event in self.events if datetime.fromisoformat(event["createdDateUtc"]) < end]
        page = found[offset : offset + limit]
        if not page:
            return nothing(connection, request)
        return reply(json.dumps(page).encode())(connection, request)


@pytest.fixture
def paged() -> Iterator[tuple[Table, EventClient]]:
    table = Table(25)
    with ScriptedServer(table) as server, EventClient(server.url) as client:
        yield table, client


def ids(pages: Any) -> list[str]:
    return [event["eventId"] for page in pages for event in page]


def test_it_asks_for_what_is_given_and_fixes_the_end() -> None:
    acts = [reply("2026-11-20T21:57:13.123456Z"), NOTHING]
    with ScriptedServer(*acts) as server, EventClient(server.url) as client:
        pages = client.query_events(
            "sample.received",
            subjects=["a", "b"],
            subjects_contains="a",
            tags=("t",),
            start=datetime(2026, 11, 1),  # noqa: DTZ001
            association_id="as",
            module_id="m",
            actor_id=["u", "v"],
            activity_id="ac",
            source_trace_ids=["b"],
        )
        assert server.requests == []
        assert list(pages) == []
    query = server.requests[1]
    assert (query.method, query.target) == ("POST", "/api/v2.0/QueryService/Events?limit=1000&offset=0")
    assert query.json == {
        "Topic": "sample.received",
        "Subjects": ["a", "b"],
        "SubjectsContains": "a",
        "Tags": ["t"],
        "Start": "2026-11-01T00:00:00.000000Z",
        "End": "2026-11-20T21:57:13.123456Z",
        "AssociationId": "as",
        "ModuleId": "m",
        "ActorId": ["u", "v"],
        "ActivityId": "ac",
        "SourceTraceIds": ["b"],
    }


def test_an_end_that_is_given_is_the_one() -> None:
    with ScriptedServer(NOTHING) as server:
        assert list(EventClient(server.url).query_events(end=AT)) == []
    (query,) = server.requests
    assert query.json == {"End": "2026-11-20T21:57:13.123456Z"}


@pytest.mark.parametrize("page_size", [2, 3, 13, 24, 25, 26, 1_000])
def test_the_pages_have_each_event_once_in_order(paged: tuple[Table, EventClient], page_size: int) -> None:
    table, client = paged
    pages = list(client.query_events(page_size=page_size))
    assert ids(pages) == ids([table.events])
    assert all(0 < len(page) <= page_size for page in pages)
    assert len({query["End"] for query in table.queries}) == 1


def test_what_is_written_at_the_end_of_time_is_of_the_next_query(paged: tuple[Table, EventClient]) -> None:
    table, client = paged
    expected = ids([table.events])
    table.meanwhile = {number: lambda: table.insert(AT + timedelta(hours=1)) for number in range(20)}
    assert ids(client.query_events(page_size=5)) == expected
    assert len(table.events) > len(expected)


@pytest.mark.parametrize("late", [1, 3, 5, 17])
def test_what_comes_late_doubles_nothing_and_hides_nothing(
    paged: tuple[Table, EventClient], late: int
) -> None:
    table, client = paged
    expected = ids([table.events])

    def come() -> None:
        for number in range(late):
            table.insert(AT - timedelta(seconds=1, milliseconds=number))

    table.meanwhile = {1: come, 3: come}
    given = ids(client.query_events(page_size=5))
    assert len(set(given)) == len(given)
    assert [event for event in given if event in set(expected)] == expected


@pytest.mark.parametrize("deleted", [1, 3, 5, 12, 13])
def test_what_is_deleted_hides_nothing_else(paged: tuple[Table, EventClient], deleted: int) -> None:
    table, client = paged
    expected = ids([table.events])

    def delete() -> None:
        del table.events[:deleted]

    table.meanwhile = {3: delete}
    given = ids(client.query_events(page_size=5))
    assert len(set(given)) == len(given)
    assert set(ids([table.events])) <= set(given) <= set(expected)


def test_a_table_that_is_emptied_meanwhile_ends_the_query(paged: tuple[Table, EventClient]) -> None:
    table, client = paged
    table.meanwhile = {2: table.events.clear}
    assert len(ids(client.query_events(page_size=5))) == 9


def test_events_with_one_id_and_different_times_are_different() -> None:
    events = [{"eventId": "e", "createdDateUtc": f"2026-11-20T00:00:0{n}Z"} for n in range(3)]
    events += [{"eventId": "e", "topic": topic} for topic in ("a", "b")]
    with ScriptedServer(reply(json.dumps(events).encode())) as server:
        assert list(EventClient(server.url).query_events(end=AT)) == [events]


@pytest.mark.parametrize("act", [*NOT_OURS[:3], reply(b"{}"), reply(b"null"), reply(b"[" * 100_000)])
def test_an_answer_that_is_none_is_an_error(act: Act) -> None:
    with ScriptedServer(act) as server, quick(server) as client:
        with pytest.raises(requests.HTTPError, match="the answer was 200"):
            list(client.query_events(end=AT))


def test_a_refusal_says_why() -> None:
    with ScriptedServer(reply({"message": "Topic must be a text"}, 400)) as server:
        with pytest.raises(requests.HTTPError, match="400: Topic must be a text"):
            next(EventClient(server.url).query_events(end=AT))


@pytest.mark.parametrize(
    ("error", "fields"),
    [
        (TypeError, {"topic": 7}),
        (TypeError, {"subjects": [7]}),
        (TypeError, {"tags": {"a"}}),
        (ValueError, {"start": "yesterday"}),
        (ValueError, {"end": 1_795_557_433}),
        (ValueError, {"page_size": 1}),
        (ValueError, {"page_size": 1_001}),
    ],
)
def test_a_wrong_question_fails_at_once(error: type[Exception], fields: dict[str, Any]) -> None:
    with pytest.raises(error, match=next(iter(fields))):
        EventClient("http://localhost").query_events(**fields)
