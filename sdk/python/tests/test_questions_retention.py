"""Who comes back, against a computation of its own, on made up shops in five zones."""

from __future__ import annotations

from typing import Any

import pytest

from oracle import people
from oracle.compare import same, same_rows
from shops import Asked

REGISTERED = {"filters": [{"field": "event_name", "op": "is", "values": ["user.registered"]}]}


def check(got: Any, expected: Any) -> None:
    same_rows(got["cohorts"], expected["cohorts"], "cohort")
    same({"mean": got["mean"]}, {"mean": expected["mean"]})


@pytest.mark.parametrize(("by", "start"), [("registered", REGISTERED), ("first_seen", {})])
@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_by_an_event_that_is_named(asked: Asked, by: str, start: dict[str, Any], period: str) -> None:
    asked.compare(
        "/retention",
        lambda scope: people.retention(scope, by, period, 5),
        check,
        start=start,
        period=period,
        periods=5,
    )


@pytest.mark.parametrize("by", ["registered", "first_seen"])
@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_by_the_registration_or_the_first_event(asked: Asked, by: str, period: str) -> None:
    asked.compare(
        "/analytics/retention",
        lambda scope: people.retention(scope, by, period, 5),
        check,
        by=by,
        period=period,
        periods=5,
    )
