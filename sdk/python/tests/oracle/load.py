"""How much came, how often it failed, and how long it took."""

from __future__ import annotations

from typing import Any

from oracle.events import Event
from oracle.scope import Scope, percentile, share, users


def measures(events: list[Event]) -> dict[str, Any]:
    """The metrics that need no field, and how many latencies stand behind the percentiles."""
    latencies = [event.latency for event in events if event.latency > 0]
    errors = sum(bool(event.error) for event in events)
    return {
        "events": len(events),
        "users": len(users(events)),
        "conversations": len({event.conversation for event in events} - {""}),
        "errors": errors,
        "error_rate": share(errors, len(events)),
        "latency_p50": percentile(latencies, 0.5),
        "latency_p95": percentile(latencies, 0.95),
        "latency_p99": percentile(latencies, 0.99),
        "n": len(latencies),
    }


def metrics(scope: Scope, interval: str) -> tuple[dict[int, dict[str, Any]], dict[str, Any]]:
    """By bucket, and of the whole range."""
    buckets = scope.by_bucket(scope.events(), interval)
    return {start: measures(events) for start, events in buckets.items()}, measures(scope.events())


def operations(scope: Scope) -> dict[str, Any]:
    rows = []
    for start, events in scope.by_bucket(scope.events(), "hour").items():
        found = measures(events)
        rows.append(
            {
                "start": start,
                **{name: found[name] for name in ("events", "errors", "error_rate", "n")},
                "response_time_p50": found["latency_p50"],
                "response_time_p95": found["latency_p95"],
            }
        )
    hours: dict[int, int] = {}
    for event in scope.events():
        hour = scope.local(event.at).hour
        hours[hour] = hours.get(hour, 0) + 1
    return {"buckets": rows, "peak_hours": [{"hour": hour, "events": n} for hour, n in hours.items()]}
