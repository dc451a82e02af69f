"""The client's exports, of a running Millrace and through connections that break."""

from __future__ import annotations

import csv
import json
import socket
import tracemalloc
from pathlib import Path
from typing import Any, Callable

import pyarrow.parquet
import pytest
import requests

from event_client import EventClient, EventSDKError, EventUnavailableError, EventValidationError
from installation import Installation
from scripted_server import Act, Request, ScriptedServer, raw, reply

COLUMNS = ("event_id", "input", "tags")


@pytest.fixture
def sent(client: EventClient) -> list[dict[str, Any]]:
    """More than a piece is, with line breaks and quotes."""
    events = [
        {
            "conversation_id": f"c-{n % 7}",
            "event_name": "event_a" if n % 2 else "event_b",
            "input": f'"{n}",\n\n"ü' * 20,
            "tags": ["a\n", '"'],
        }
        for n in range(1_000)
    ]
    results = client.track_events(events, wait=True)
    return [{**event, "event_id": result["id"]} for event, result in zip(events, results)]


def part_of(millrace: Installation, size: int, end: bytes = b"") -> Act:
    """So many bytes of what Millrace answers, then the connection ends."""

    def act(connection: socket.socket, request: Request) -> bool:
        answer = requests.get(
            f"{millrace.url}{request.target}", headers={"X-Tenant": request.headers["x-tenant"]}, timeout=60
        )
        assert answer.status_code == 200, answer.text
        part = answer.content[:size]
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        # A chunk of nothing would be the end.
        chunk = f"{len(part):x}\r\n".encode() + part + b"\r\n" if part else b""
        connection.sendall(head + chunk + end)
        return False

    return act


def whole(millrace: Installation) -> Act:
    return part_of(millrace, 1 << 30, b"0\r\n\r\n")


def of(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: event[name] for name in COLUMNS} for event in events]


def breaking(server: ScriptedServer, tenant: str, **options: Any) -> EventClient:
    return EventClient(server.url, tenant=tenant, retry_delay=0.0, **options)


def test_events_come_one_by_one(client: EventClient, sent: list[dict[str, Any]]) -> None:
    assert list(client.export(COLUMNS)) == of(sent)
    (usual, *_) = client.export(after=sent[-2]["event_id"])
    assert (usual["event_id"], usual["event_type"], usual["data"]) == (sent[-1]["event_id"], "event_a", "{}")
    named = list(client.export(COLUMNS, event_name="event_b", source="native", days=1))
    assert named == of(sent[::2])
    assert list(client.export(source="segment")) == []
    # One that is not read to its end costs nothing but its connection.
    assert next(client.export(COLUMNS)) == of(sent)[0]
    assert client.health_check()


def test_a_file_is_what_the_server_sends(
    client: EventClient, millrace: Installation, tenant: str, sent: list[dict[str, Any]], tmp_path: Path
) -> None:
    for kind in ("ndjson", "csv", "parquet"):
        file = tmp_path / f"events.{kind}"
        client.export_to(file, kind, COLUMNS, after=sent[0]["event_id"])
        parameters = {"format": kind, "columns": ",".join(COLUMNS), "after": sent[0]["event_id"]}
        answer = requests.get(
            f"{millrace.url}/export", params=parameters, headers={"X-Tenant": tenant}, timeout=60
        )
        if kind == "parquet":
            assert pyarrow.parquet.read_table(file).to_pylist() == of(sent[1:])
        else:
            assert file.read_bytes() == answer.content
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "events.csv",
        "events.ndjson",
        "events.parquet",
    ]


@pytest.mark.parametrize("size", [0, 1, 70_000, 200_000])
def test_events_go_on_behind_the_last_where_they_broke_off(
    millrace: Installation, tenant: str, sent: list[dict[str, Any]], size: int
) -> None:
    acts = (part_of(millrace, size), part_of(millrace, size), whole(millrace))
    with ScriptedServer(*acts) as server, breaking(server, tenant) as client:
        assert list(client.export(COLUMNS)) == of(sent)
        assert len(server.requests) == 3


@pytest.mark.parametrize("size", [0, 10, 70_000, 200_000])
def test_a_file_of_lines_goes_on_too_with_one_line_of_names(
    millrace: Installation, tenant: str, sent: list[dict[str, Any]], size: int, tmp_path: Path
) -> None:
    acts = (part_of(millrace, size), part_of(millrace, size), whole(millrace))
    file = tmp_path / "events.csv"
    with ScriptedServer(*acts) as server, breaking(server, tenant) as client:
        client.export_to(file, "csv", COLUMNS)
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [{**row, "tags": json.loads(row["tags"])} for row in rows] == of(sent)


def test_progress_gives_all_attempts_back(
    millrace: Installation, tenant: str, sent: list[dict[str, Any]]
) -> None:
    acts = [*[part_of(millrace, 100_000)] * 5, whole(millrace)]
    with ScriptedServer(*acts) as server, breaking(server, tenant, max_retries=2) as client:
        assert list(client.export(COLUMNS)) == of(sent)
        assert len(server.requests) == 6


def test_a_file_of_parquet_is_begun_again(
    millrace: Installation, tenant: str, sent: list[dict[str, Any]], tmp_path: Path
) -> None:
    file = tmp_path / "events.parquet"
    # What comes at first is longer than the file.
    long = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n400000\r\n" + b"x" * (4 << 20))
    with (
        ScriptedServer(long, whole(millrace)) as server,
        breaking(server, tenant) as client,
    ):
        client.export_to(file, "parquet", COLUMNS)
    assert pyarrow.parquet.read_table(file).to_pylist() == of(sent)


@pytest.mark.parametrize("format", ["ndjson", "csv", "parquet"])
def test_what_does_not_come_whole_leaves_the_file_as_it_was(
    millrace: Installation, tenant: str, sent: list[dict[str, Any]], tmp_path: Path, format: str
) -> None:
    file = tmp_path / "events"
    file.write_text("of yesterday")
    with ScriptedServer(part_of(millrace, 0)) as server, breaking(server, tenant) as client:
        with pytest.raises(EventUnavailableError):
            client.export_to(file, format)
        assert len(server.requests) == 3
    assert [path.read_text() for path in tmp_path.iterdir()] == ["of yesterday"]


def test_without_ids_nobody_knows_where_to_go_on(
    millrace: Installation, tenant: str, sent: list[dict[str, Any]]
) -> None:
    with ScriptedServer(part_of(millrace, 70_000)) as server, breaking(server, tenant) as client:
        with pytest.raises(EventUnavailableError):
            list(client.export(["input"]))
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("act", "kind", "message"),
    [
        (reply({"error": "too much", "code": "query_too_large"}, 422), EventSDKError, "too much"),
        (reply({"error": "no"}, 400), EventValidationError, "no"),
        (reply({"error": "later"}, 503, Retry_After="3600"), EventUnavailableError, "later"),
        (reply(b"<html>\n"), EventSDKError, "a line of the answer is no JSON object"),
        (reply(b"<html>"), EventSDKError, "the answer is no file of lines"),
        (reply(b"[]\n"), EventSDKError, "a line of the answer is no JSON object"),
        (reply({}, 204), EventSDKError, "the server answered 204"),
        # It can't be seen whether this is all.
        (raw(b"HTTP/1.0 200 OK\r\n\r\n{}\n"), EventUnavailableError, "no answer from"),
        (
            raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}\n"),
            EventUnavailableError,
            "no answer from",
        ),
    ],
)
def test_what_is_no_export_is_an_error(act: Act, kind: type[EventSDKError], message: str) -> None:
    with ScriptedServer(act) as server, EventClient(server.url, max_retries=1) as client:
        with pytest.raises(kind, match=message) as caught:
            list(client.export())
        assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("ask", "kind", "message"),
    [
        (lambda client: client.export(begin=1), TypeError, "unknown arguments: begin"),
        (lambda client: client.export("event_id"), EventValidationError, "columns must be a list of names"),
        (lambda client: next(client.export(["id", "id"])), EventValidationError, "id is named twice"),
        (lambda client: client.export_to("x", "xml"), EventValidationError, "format must be ndjson"),
    ],
)
def test_what_can_not_be_meant_is_said(
    client: EventClient,
    ask: Callable[[EventClient], object],
    kind: type[Exception],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(kind, match=message):
        ask(client)
    assert list(tmp_path.iterdir()) == []


def test_memory_is_bounded(tmp_path: Path) -> None:
    """64 MiB of events, of which few are held at a time."""
    line = json.dumps({"event_id": "e", "input": "x" * 1_000}).encode() + b"\n"

    def act(connection: socket.socket, request: Request) -> bool:
        chunk = line * 64
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(1_024):
            connection.sendall(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        connection.sendall(b"0\r\n\r\n")
        return False

    with ScriptedServer(act) as server, EventClient(server.url) as client:
        tracemalloc.start()
        try:
            client.export_to(tmp_path / "events", "ndjson")
            assert sum(1 for _ in client.export()) == 64 * 1_024
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert (tmp_path / "events").stat().st_size == 64 * 1_024 * len(line)
    assert peak < 8 << 20, peak


def test_a_silent_server_is_waited_for_as_long_as_is_said() -> None:
    with ScriptedServer(lambda connection, request: bool(connection.recv(1))) as server:
        with EventClient(server.url, max_retries=1) as client:
            with pytest.raises(EventUnavailableError, match="timed out"):
                list(client.export(timeout=0.1))
