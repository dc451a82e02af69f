"""The made up shops: what is in the table, and what the metrics say of it."""

from __future__ import annotations

from typing import Any

import pytest

from oracle import load
from oracle.compare import moment, same
from oracle.scope import Scope
from shops import Asked, Shop


def test_the_shop_is_in_the_table_as_the_file_says_and_sending_it_again_changes_nothing(
    shop: Shop,
) -> None:
    query = f"""SELECT count(), uniqExact(id), sum(cityHash64(*)) FROM event_analytics.events FINAL
        WHERE tenant = '{shop.tenant}' FORMAT TSV"""
    before = shop.millrace.sql(query)
    shop.send()
    assert shop.millrace.sql(query) == before
    assert before.split("\t")[:2] == [str(len(shop.events))] * 2
    ids = f"SELECT id FROM event_analytics.events FINAL WHERE tenant = '{shop.tenant}' ORDER BY UUIDToNum(id)"
    assert shop.millrace.sql(ids).split() == [str(event.id) for event in shop.events]


NAMES = (
    "events",
    "users",
    "conversations",
    "errors",
    "error_rate",
    "latency_p50",
    "latency_p95",
    "latency_p99",
)


@pytest.mark.parametrize("interval", ["hour", "day", "week", "month"])
def test_the_metrics_of_all_events(asked: Asked, interval: str) -> None:
    def expected(scope: Scope) -> Any:
        return load.metrics(scope, interval)

    def check(got: Any, wanted: Any) -> None:
        by_bucket, total = wanted
        series = {one["metric"]: one for one in got["series"]}
        assert by_bucket.keys() <= {moment(bucket["start"]) for bucket in got["buckets"]}
        nothing = load.measures([])
        for place, bucket in enumerate(got["buckets"]):
            start = moment(bucket["start"])
            found = {name: series[name]["values"][place] for name in NAMES}
            same(found, {name: by_bucket.get(start, nothing)[name] for name in NAMES})
        same({name: series[name]["total"] for name in NAMES}, {name: total[name] for name in NAMES})
        assert series["latency_p95"]["n"] == total["n"]

    asked.compare("/query", expected, check, metrics=list(NAMES), interval=interval)
