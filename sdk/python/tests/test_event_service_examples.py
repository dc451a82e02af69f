"""The client of the EventService as laboratories use it."""

from __future__ import annotations

import asyncio
import sys
import threading
import uuid
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest

from event_service_client import EventClient
from installation import ROOT, Installation, until
from laboratory import message
from test_readme import runs_as_printed


@pytest.fixture
def client(millrace: Installation) -> Iterator[EventClient]:
    with EventClient(millrace.url) as client:
        yield client


def camel(wire: dict[str, Any]) -> dict[str, Any]:
    """A message as queries answer it."""
    return {name[0].lower() + name[1:]: value for name, value in wire.items()}


@pytest.fixture
def subject() -> str:
    return f"sample-{uuid.uuid4()}"


def found(client: EventClient, **query: Any) -> list[dict[str, Any]]:
    return [event for page in client.query_events(**query) for event in page]


def once_found(client: EventClient, count: int, **query: Any) -> list[dict[str, Any]]:
    """The events of a query, once there are that many."""
    until("the events can be found", lambda: len(found(client, **query)) >= count)
    return found(client, **query)


def test_an_event_is_found_again_as_it_was_sent(client: EventClient, subject: str) -> None:
    now = datetime.now(timezone.utc)
    event = message(
        subjects=[subject, "rack-3"],
        data={
            "rack": 3,
            "ü": "日本",
            "wells": [{"id": "A1", "volume": 1.5, "full": True}, None],
            "empty": {},
        },
        tags=["intake"],
        start=now,
        end=now,
        expiration_date_utc="2099-01-01T00:00:00",
        organization_id="org",
        group_id="g",
        owner_id="ow",
        actor_id="lab_tech_1",
        user_id="u-1",
        operator_id="op",
        activity_id="ac",
        association_id="as",
        module_id="m",
        orchestrator_id="or",
        source_trace_ids=["batch-1"],
        access_policy={"readers": ["lab"]},
        sharing_policy="b",
        retention_policy="c",
        encryption_provider="d",
    )
    client.publish_event(event)
    client.publish_event(event)
    assert once_found(client, 1, subjects=subject) == [camel(event.to_wire())]


def test_the_times_of_an_event_and_of_a_question_are_the_same(client: EventClient, subject: str) -> None:
    event = message(subjects=[subject], created_date_utc=client.get_server_time())
    client.publish_event(event)
    once_found(client, 1, subjects=subject, end="2099-01-01T00:00:00")
    created = event.created_date_utc
    assert found(client, subjects=subject, start=created.replace(microsecond=0), end="2099-01-01T00:00:00")
    assert not found(client, subjects=subject, end=created.replace(microsecond=0))


def test_paging_gives_each_of_many_once_while_writes_go_on(client: EventClient, subject: str) -> None:
    events = [message(subjects=[subject], data={"number": number}) for number in range(1_000)]

    async def publish(events: list[Any]) -> None:
        async with httpx.AsyncClient(timeout=60.0) as httpx_client:
            await asyncio.gather(*(client.publish_async(event, httpx_client) for event in events))

    asyncio.run(publish(events))
    once_found(client, len(events), subjects=subject)
    late = [message(subjects=[subject], created_date_utc=event.created_date_utc) for event in events[::10]]
    writer = threading.Thread(target=asyncio.run, args=(publish(late),))
    pages = client.query_events(subjects=subject, page_size=50)
    given = next(pages)
    writer.start()
    for page in pages:
        given += page
    writer.join()
    ids = [event["eventId"] for event in given]
    assert len(set(ids)) == len(ids)
    assert {event.event_id for event in events} <= set(ids)
    assert len(once_found(client, 1_100, subjects=subject)) == 1_100


def test_the_examples_of_the_documentation_run_as_printed(millrace: Installation, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "event-service.md").read_text()
    # Subjects of its own, since the installation is shared.
    text = text.replace("lab-", f"{uuid.uuid4()}-").replace("lab_user", str(uuid.uuid4()))
    runs_as_printed(millrace.url, tmp_path, sys.executable, text)
