"""The client of the EventService as laboratories use it."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import requests

from event_service_client import PUBLISH, EventClient, EventMessage
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


def write(millrace: Installation, events: list[EventMessage]) -> None:
    """Publishes events, which can be found when this returns."""
    for begin in range(0, len(events), 1_000):
        wires = [event.to_wire() for event in events[begin : begin + 1_000]]
        answer = requests.post(millrace.url + PUBLISH, json=wires, timeout=60.0)
        answer.raise_for_status()
        assert [result for result in answer.json()["results"] if not result["success"]] == []
    millrace.catch_up()


def test_paging_gives_each_of_ten_thousand_once_while_writes_go_on(
    millrace: Installation, client: EventClient, subject: str
) -> None:
    events = [message(subjects=[subject], data={"number": number}) for number in range(10_000)]
    write(millrace, events)
    tomorrow = client.get_server_time() + timedelta(hours=23)
    late: set[str] = set()
    given: list[str] = []
    for number, page in enumerate(client.query_events(subjects=subject)):
        given += [event["eventId"] for event in page]
        # Before the end of the query, among the newest of what it finds; and behind it.
        newest = events[-1 - number].created_date_utc
        before = [message(subjects=[subject], created_date_utc=newest) for _ in range(50)]
        behind = [message(subjects=[subject], created_date_utc=tomorrow) for _ in range(50)]
        write(millrace, before + behind)
        late.update(event.event_id for event in before)
    assert len(set(given)) == len(given)
    assert {event.event_id for event in events} <= set(given)
    assert set(given) <= {event.event_id for event in events} | late


def test_the_examples_of_the_documentation_run_as_printed(millrace: Installation, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "event-service.md").read_text()
    # Subjects of its own, since the installation is shared.
    text = text.replace("lab-", f"{uuid.uuid4()}-").replace("lab_user", str(uuid.uuid4()))
    runs_as_printed(millrace.url, tmp_path, sys.executable, text)
