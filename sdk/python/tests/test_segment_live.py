"""The client of semantic events against Millrace itself."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
import requests

import examples
from installation import Installation, until
from scripted_server import Act, ScriptedServer, reset
from segment_client import SegmentClient

COLUMNS = (
    "kind, event_name, message_id, conversation_id, user_id, anonymous_id, properties, context, source,"
    " formatDateTime(created_at, '%Y-%m-%d %H:%i:%S.%f') AS at"
)


@pytest.fixture
def root() -> str:
    return f"visit-{uuid.uuid4()}"


def rows(millrace: Installation, root: str, count: int) -> list[dict[str, Any]]:
    """The rows of the events of a root, in order, once they are there."""
    root_of = "JSONExtractString(context, 'sent', 'root_event_gid')"
    of_root = f"FROM event_analytics.events FINAL WHERE {root_of} = '{root}'"

    def there() -> bool:
        return int(millrace.sql(f"SELECT count() {of_root}")) >= count

    until("the events are visible", there)
    lines = millrace.sql(
        f"SELECT {COLUMNS} {of_root} ORDER BY created_at, id FORMAT JSONEachRow"
    ).splitlines()
    return [json.loads(line) for line in lines]


def test_each_kind_is_a_row_with_what_was_sent(millrace: Installation, root: str) -> None:
    with SegmentClient("any", "shop-1", "eu", f"{millrace.url}/v1/event") as client:
        client.identify(root, user_id="u-1", traits={"plan": "pro", "seats": 3})
        client.page(root, "Basket", {"url": "https://a.example/", "items": 2}, anonymous_id="a-1")
        tracked = client.track(
            root,
            "Order Completed",
            7,
            {"total": 350},
            context={"sessionId": "s-1", "app": 3},
            message_id="o-9",
        )
    identify, page, track = rows(millrace, root, 3)
    assert (identify["kind"], identify["user_id"]) == ("identify", "u-1")
    assert json.loads(identify["properties"]) == {"plan": "pro", "seats": 3}
    assert (page["kind"], page["event_name"], page["anonymous_id"]) == ("page", "Basket", "a-1")
    assert json.loads(page["properties"]) == {"items": "2"}
    assert json.loads(page["context"])["sent"]["page"] == {"url": "https://a.example/", "name": "Basket"}
    assert (track["kind"], track["event_name"], track["user_id"]) == ("track", "Order Completed", "7")
    assert (track["message_id"], track["conversation_id"], track["source"]) == ("o-9", "s-1", "segment")
    assert json.loads(track["properties"]) == {"total": "350"}
    context = json.loads(track["context"])
    assert (context["extras"], context["sent"]["event_gid"]) == ({"app": 3}, tracked.event_gid)
    assert track["at"].startswith(
        f"{tracked.timestamp:%Y-%m-%d %H:%M:%S.}{tracked.timestamp.microsecond // 1000:03}"
    )


def test_an_event_whose_answers_are_lost_is_one_row(millrace: Installation, root: str) -> None:
    def takes_in_and_breaks(connection: Any, request: Any) -> bool:
        answer = requests.post(millrace.url + request.target, data=request.body, timeout=30.0)
        assert answer.json() == {"success": True}
        return reset(connection, request)

    acts: list[Act] = [takes_in_and_breaks, takes_in_and_breaks, takes_in_and_breaks]
    with ScriptedServer(*acts) as server:
        with SegmentClient("any", "e", "p", f"{server.url}/v1/event", retry_delay=0.01) as client:
            with pytest.raises(requests.ConnectionError):
                client.track(root, "e", "u")
    with SegmentClient("any", "e", "p", f"{millrace.url}/v1/event") as client:
        client.track(root, "last", "u")
    assert len(server.requests) == 3
    millrace.catch_up()
    assert [row["event_name"] for row in rows(millrace, root, 2)] == ["e", "last"]


def test_a_refusal_tells_why(millrace: Installation, root: str) -> None:
    with SegmentClient("any", "e", "p", f"{millrace.url}/v1/event") as client:
        with pytest.raises(requests.HTTPError, match="400: timestamp must be"):
            client.track(root, "e", "u", timestamp="2012-12-02T00:30:08Z")


def test_the_examples_run(millrace: Installation, capsys: pytest.CaptureFixture[str]) -> None:
    examples.main(f"{millrace.url}/v1/event")
    first, unsent, unkept = capsys.readouterr().out.splitlines()
    assert first.startswith("Order Completed at ")
    assert unsent == "not sent: Value error, user_id or anonymous_id is required"
    assert unkept.startswith("not kept: the answer was 400: timestamp must be ")
