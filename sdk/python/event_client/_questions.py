"""Questions about events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ._answers import data_of
from ._calls import Calls
from ._errors import EventValidationError
from ._parameters import target_of
from ._types import Filters, Json

FUNNEL = ("window", "order", "entry", "exclusions", "breakdown", "attribution")
RETENTION = ("period", "periods", "mode", "count", "kind")


def _taken(how: dict[str, Any], names: Sequence[str]) -> Json:
    """What has these names, which is taken out."""
    return {name: how.pop(name) for name in names if name in how}


class Questions(Calls):
    """Those of docs/questions.md, but for the shops'."""

    def get_error_counts(self, event_name: str, days: int = 7) -> list[Json]:
        """`error_count` and `total_count` by `date` (UTC) over the last `days` × 24 hours, oldest first."""
        if not event_name:
            raise EventValidationError("event_name is required")
        return self._rows("/analytics/errors", event_name=event_name, days=days)

    def get_latency_stats(self, limit: int = 100, *, days: int | None = None) -> list[Json]:
        """The slowest conversations and event names by `p95_latency`, in milliseconds."""
        return self._rows("/analytics/latency", limit=limit, days=days)

    def get_top_error_sessions(
        self, limit: int = 100, *, days: int | None = None, min_events: int = 1
    ) -> list[Json]:
        """The conversations with the highest `error_rate`, 0 to 1, among those with `min_events`."""
        return self._rows("/analytics/sessions/top-errors", limit=limit, days=days, min_events=min_events)

    def query(
        self,
        metrics: Sequence[str | Mapping[str, str]],
        *,
        filters: Filters = (),
        breakdown: Mapping[str, Any] | None = None,
        interval: str | None = None,
        compare: str | None = None,
        **when: Any,
    ) -> Json:
        """Metrics over time: `buckets` and `series`, one for each metric and value of the breakdown.

        `metrics` are names, such as `"events"` and `"latency_p95"`, or functions of a field, such as
        `{"sum": "properties.price"}`. This and the other questions take `start` and `end` (datetimes, dates
        in `timezone`, or their texts) or `days`, `timezone` and, where there are weeks, `week_start`;
        and `exact`: True or `"raw"`, see docs/rollups.md.
        docs/questions.md says what everything means.
        """
        question = {"metrics": metrics, "filters": filters, "breakdown": breakdown, "interval": interval}
        return self._ask("/query", {**question, "compare": compare}, when)

    def funnel(
        self,
        steps: Sequence[Mapping[str, Any]],
        window: str = "7d",
        *,
        order: str = "loose",
        entry: str = "latest",
        exclusions: Sequence[Mapping[str, Any]] = (),
        breakdown: Mapping[str, Any] | None = None,
        attribution: str | int | None = None,
        **when: Any,
    ) -> Json:
        """How many users get how far: each step is a `name` and the `filters` of its events."""
        question = {
            "steps": steps,
            "window": window,
            "order": order,
            "entry": entry,
            "exclusions": exclusions,
        }
        return self._ask("/funnel", {**question, "breakdown": breakdown, "attribution": attribution}, when)

    def get_funnel_users(
        self,
        steps: Sequence[Mapping[str, Any]],
        step: int = 1,
        outcome: str = "converted",
        *,
        value: str | None = None,
        limit: int = 100,
        **how: Any,
    ) -> list[Json]:
        """The users whom `funnel` counts at a step, from 1: those who took it, or `"dropped"` before it.

        `value` is one of the breakdown's. `how` is what `funnel` takes.
        """
        which = {"step": step, "outcome": outcome, "value": value, "limit": limit}
        return self._list("/funnel/users", {"steps": steps, **_taken(how, FUNNEL)}, how, **which)

    def retention(
        self,
        start_filters: Filters = (),
        return_filters: Filters = (),
        *,
        period: str = "day",
        periods: int = 7,
        mode: str = "first",
        count: str = "on",
        kind: str = "calendar",
        **when: Any,
    ) -> Json:
        """How many of those who began in a period came back in each of the next ones."""
        question = {"start": {"filters": start_filters}, "return": {"filters": return_filters}}
        how = {"period": period, "periods": periods, "mode": mode, "count": count, "kind": kind}
        return self._ask("/retention", {**question, **how}, when)

    def get_retention_users(
        self,
        cohort: str,
        returned_in: int | None = None,
        start_filters: Filters = (),
        return_filters: Filters = (),
        *,
        limit: int = 100,
        **how: Any,
    ) -> list[Json]:
        """The users of a cohort of `retention`, or those who came back in one of its periods (from 0).

        `how` is what `retention` takes.
        """
        question = {"start": {"filters": start_filters}, "return": {"filters": return_filters}}
        which = {"cohort": cohort, "returned_in": returned_in, "limit": limit}
        return self._list("/retention/users", {**question, **_taken(how, RETENTION)}, how, **which)

    def paths(self, start_filters: Filters, *, steps: int = 3, top: int = 5, **when: Any) -> Json:
        """What comes after an event in its session: `nodes` and `links`."""
        return self._ask("/paths", {"start": {"filters": start_filters}, "steps": steps, "top": top}, when)

    def get_events(
        self,
        filters: Filters = (),
        *,
        order: str = "newest",
        limit: int = 100,
        full: bool = False,
        **when: Any,
    ) -> list[Json]:
        """The events behind a number; with `full`, their properties and whole texts too."""
        return self._find("/events", when, filters=filters, order=order, limit=limit, full=full)

    def get_users(
        self, filters: Filters = (), *, order: str = "last_seen", limit: int = 100, **when: Any
    ) -> list[Json]:
        """The users of events, by when they were last seen or by how many events they have."""
        return self._find("/users", when, filters=filters, order=order, limit=limit)

    def get_error_groups(self, filters: Filters = (), **when: Any) -> list[Json]:
        """Errors that say the same but for numbers, ids and quoted parts, by how many there are."""
        return self._find("/errors/groups", when, filters=filters)

    def search(self, text: str, *, limit: int = 100, **when: Any) -> list[Json]:
        """Events whose input, output or error has all words and `"phrases"` and no `-word`, newest first."""
        return self._find("/search", when, q=text, limit=limit)

    def get_similar(
        self, event_id: str, *, by: str | None = None, limit: int = 20, **when: Any
    ) -> list[Json]:
        """The events of the last 90 days, or of a period, whose embeddings are nearest to those of an event.

        `by` is `"input"` or `"output"`; `distance` is 0 of the same direction and 2 of the opposite one. An
        `EventSDKError` if the event has no embeddings.
        """
        return self._find(target_of("/similar/", "event_id", event_id), when, by=by, limit=limit)

    def get_schema(self) -> Json:
        """`event_names` and `fields` of the last day."""
        return data_of(self._request("GET", "/schema"))
