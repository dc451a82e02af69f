"""What the tests of the EventService's client share."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import datetime, timezone
from typing import Any, Callable
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from event_service_client import EventClient, EventMessage
from scripted_server import Request, ScriptedServer, raw, reply

AT = datetime(2026, 11, 20, 21, 57, 13, 123_456, tzinfo=timezone.utc)
GOOD = reply({"success": True, "eventId": "e-1"})
NOTHING = raw(b"HTTP/1.1 204 No Content\r\n\r\n")
NOT_OURS = [
    reply(b""),
    reply(b"ok"),
    reply(b"<html></html>"),
    reply(b"[]"),
    reply(b"null"),
    reply(b'{"success":false}'),
    reply(b"\xff"),
    reply(b"[" * 100_000),
    reply({"success": True}, 202),
    NOTHING,
]


def message(**fields: Any) -> EventMessage:
    return EventMessage(**{"topic": "sample.received", "subjects": ["s-1"], "data": {}, **fields})


def quick(server: ScriptedServer) -> EventClient:
    client = EventClient(server.url)
    client.timeout = 0.5
    return client


def publish_async(client: EventClient, event: EventMessage, **options: Any) -> str:
    async def run() -> str:
        async with httpx.AsyncClient(**{"timeout": 0.5, **options}) as httpx_client:
            return await client.publish_async(event, httpx_client)

    return asyncio.run(run())


def publish(client: EventClient, event: EventMessage) -> str:
    return json.dumps(client.publish_event(event))


PUBLISHES = pytest.mark.parametrize("send", [publish, publish_async])
Send = Callable[[EventClient, EventMessage], str]


def nothing(connection: Any, request: Request) -> bool:
    """The answer to a query that finds none."""
    connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
    return True


def camel(wire: dict[str, Any]) -> dict[str, Any]:
    """A message as queries answer it."""
    return {name[0].lower() + name[1:]: value for name, value in wire.items()}


class Model:
    """What an EventService comes to: it keeps what is published and answers queries, newest first."""

    def __init__(self) -> None:
        self._events: dict[tuple[str, str], dict[str, Any]] = {}
        self._lock = threading.Lock()

    def __call__(self, connection: Any, request: Request) -> bool:
        url = urlsplit(request.target)
        if url.path == "/api/v2.0/ServerTime":
            return reply(datetime.now(timezone.utc).isoformat())(connection, request)
        if url.path == "/api/v2.0/EventService":
            event = camel(request.json)
            with self._lock:
                self._events[event["eventId"], event["createdDateUtc"]] = event
            return reply({"success": True, "eventId": event["eventId"]})(connection, request)
        assert url.path == "/api/v2.0/QueryService/Events"
        limit, offset = (int(parse_qs(url.query)[name][0]) for name in ("limit", "offset"))
        with self._lock:
            found = [event for event in self._events.values() if _matches(request.json, event)]
        found.sort(key=lambda event: (event["createdDateUtc"], event["eventId"]), reverse=True)
        page = found[offset : offset + limit]
        return (reply(json.dumps(page).encode()) if page else nothing)(connection, request)


def _matches(query: dict[str, Any], event: dict[str, Any]) -> bool:
    return all(_fits(name, asked, event) for name, asked in query.items())


def _fits(name: str, asked: Any, event: dict[str, Any]) -> bool:
    created: str = event["createdDateUtc"]
    if name in ("Start", "End"):
        return bool(created >= asked if name == "Start" else created < asked)
    values, subjects = _list(asked), event["subjects"]
    if name == "Subjects":
        return all(value in subjects for value in values)
    if name == "SubjectsContains":
        return any(value in subject for value in values for subject in subjects)
    return any(value in values for value in _list(event.get(name[0].lower() + name[1:], [])))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
