"""Every event that an official client sends is in the table once, with what it was sent with."""

from __future__ import annotations

from collections import Counter
from gzip import decompress

import pytest

from clients import SEGMENT_PYTHON, SEGMENT_PYTHON_OLDER, Case, cases
from installation import Installation
from proxy import Exchange
from rows import expected, is_of, stored

MEGABYTE = 1_000_000


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_every_event_is_in_the_table_once(millrace: Installation, case: Case, sent: list[Exchange]) -> None:
    millrace.catch_up()
    rows = stored(millrace, case.name)
    events = {event["messageId"]: event for exchange in sent for event in exchange.events}

    assert len(events) == len(case.calls)
    assert set(case.faults[: None if case.client.retries else 1]) <= {exchange.answer for exchange in sent}
    if case.is_lost:
        assert len(sent) == len(case.calls), "this client is known to try once"
        assert rows == []
        return
    assert [row["message_id"] for row in rows] == sorted(events), "every id once"
    assert rows == [expected(events[row["message_id"]]) for row in rows]
    for call in case.calls:
        assert sum(is_of(row, call) for row in rows) == 1, call
    check_bodies(case, sent)


def check_bodies(case: Case, sent: list[Exchange]) -> None:
    """The case is what it is called."""
    compressed = [exchange for exchange in sent if exchange.headers.get("content-encoding") == "gzip"]
    sizes = [len(decompress(it.body)) if it in compressed else len(it.body) for it in sent]
    if case.what == "large":
        # Segment's client for Python ends a batch at 475,000 bytes.
        ends_early = case.client in (SEGMENT_PYTHON, SEGMENT_PYTHON_OLDER)
        assert max(sizes) > (MEGABYTE / 2 - 40_000 if ends_early else MEGABYTE)
    if case.gzip and case.client.name != "segment-node":
        assert len(compressed) == len(sent), "all but Segment's client for Node can compress"
    if case.batch or case.beacon:
        assert max(Counter(len(exchange.events) for exchange in sent)) > 1
    if case.beacon:
        assert {exchange.path.partition("?")[0] for exchange in sent} == {"/beacon/v1/batch"}
