"""Uses of `segment_client.py`: `python examples.py [http://localhost:8080/v1/event]`. Millrace runs there."""

from __future__ import annotations

import os
import sys
from datetime import datetime, timedelta, timezone

import pydantic
import requests

from segment_client import SegmentClient, SemanticEvent


def visit(client: SegmentClient) -> None:
    """A visit to a shop: who, where, what. All its events name the one that began it."""
    client.identify("visit-7", user_id="u-1", anonymous_id="a-1", traits={"plan": "pro", "seats": 3})
    client.page("visit-7", "Basket", {"url": "https://shop.example/basket", "items": 2}, user_id="u-1")
    event = client.track("visit-7", "Order Completed", user_id="u-1", properties={"total": 350, "vip": True})
    print(f"{event.event} at {event.timestamp:%H:%M:%S} is {event.event_gid}")


def from_a_browser(client: SegmentClient) -> None:
    """What is known better than this machine knows it goes before what is filled in."""
    client.track(
        "visit-7",
        "Coupon Used",
        anonymous_id="a-1",
        context={"ip": "203.0.113.9", "locale": "de-DE", "os": {"name": "iOS"}, "app": {"build": 3}},
        integrations={"All": True, "Mixpanel": False},
        timestamp=datetime.now(timezone.utc) - timedelta(seconds=5),
    )


def of_an_order(client: SegmentClient, order: str, ordered_at: str) -> None:
    """With an id and a time of its own an event may be sent any number of times, and counts once."""
    for _ in range(2):
        client.track(
            "visit-7", "Order Shipped", user_id="u-1", message_id=f"shipped-{order}", timestamp=ordered_at
        )


def with_measures(client: SegmentClient) -> None:
    """An event with the fields that the methods don't ask for."""
    event = SemanticEvent(
        type="track",
        event="Search",
        partition=client.partition,
        entity_gid=client.entity_gid,
        root_event_gid="visit-7",
        user_id="u-1",
        dimensions={"category": "books"},
        metrics={"results": 12, "milliseconds": 8.5},
        flags={"first": True},
    )
    client.send(event)


def what_goes_wrong(client: SegmentClient) -> None:
    """What is wrong is not sent; what is sent and not kept is an error too."""
    try:
        client.track("visit-7", "Order Completed")
    except pydantic.ValidationError as error:
        print(f"not sent: {error.errors()[0]['msg']}")
    try:
        client.track("visit-7", "Order Completed", user_id="u-1", timestamp="2012-12-02T00:30:08Z")
    except requests.HTTPError as error:
        print(f"not kept: {error}")


def main(endpoint: str = "http://localhost:8080/v1/event") -> None:
    """Runs all of them."""
    write_key = os.environ.get("MILLRACE_WRITE_KEY", "any")
    with SegmentClient(write_key, entity_gid="shop-1", partition="eu", endpoint=endpoint) as client:
        visit(client)
        from_a_browser(client)
        of_an_order(client, "9", datetime.now(timezone.utc).isoformat())
        with_measures(client)
        what_goes_wrong(client)


if __name__ == "__main__":
    main(*sys.argv[1:2])
