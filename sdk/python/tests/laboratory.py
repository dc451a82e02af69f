"""What the tests of the EventService's client share."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timezone
from typing import Any, Callable

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
