"""Who came, when, from where, and who came back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from oracle.events import Event, text
from oracle.money import amount
from oracle.scope import (
    MINUTE,
    SECOND,
    Scope,
    first_day,
    grouped,
    mean,
    next_day,
    percentile,
    share,
    users,
)


def active_users(scope: Scope) -> list[dict[str, Any]]:
    """Of every day of the range, those that are still to come too."""
    past = [event for event in scope.all if event.at < scope.end]
    by_day = {day: users(events) for day, events in grouped(past, lambda e: scope.local(e.at).date()).items()}

    def last(day: date, days: int) -> list[set[str]]:
        return [by_day.get(day - timedelta(days=back), set()) for back in range(days)]

    rows = []
    day, end = scope.local(scope.start).date(), scope.local(scope.to - 1).date()
    while day <= end:
        month = last(day, 30)
        mau = len(set().union(*month))
        rows.append(
            {
                "date": day.isoformat(),
                "dau": len(by_day.get(day, set())),
                "wau": len(set().union(*last(day, 7))),
                "mau": mau,
                "stickiness": share(sum(map(len, month)) / 30, mau),
            }
        )
        day += timedelta(days=1)
    return rows


def retention(scope: Scope, by: str, period: str, periods: int) -> dict[str, Any]:
    def first(at: int) -> date:
        return first_day(scope.local(at).date(), period)

    of_user = grouped((event for event in scope.all if event.user), lambda event: event.user)
    cohorts: dict[date, list[set[date]]] = {}
    for events in of_user.values():
        starts = [event for event in events if by == "first_seen" or event.name == "user.registered"]
        if not starts or not scope.holds(starts[0].at):
            continue
        start = starts[0]
        came = {first(event.at) for event in events if event.id.int >= start.id.int}
        cohorts.setdefault(first(start.at), []).append(came)

    rows = []
    whole: list[tuple[int, int]] = [(0, 0)] * (periods + 1)
    for cohort, members in sorted(cohorts.items()):
        returned: list[int | None] = []
        complete = []
        begin = cohort
        for number in range(periods + 1):
            end = next_day(begin, period)
            begun = scope.midnight(begin) <= scope.now
            count = sum(begin in came for came in members)
            returned.append(count if begun else None)
            complete.append(scope.midnight(end) <= scope.now)
            if complete[-1]:
                back, size = whole[number]
                whole[number] = (back + count, size + len(members))
            begin = end
        rows.append(
            {
                "cohort": cohort.isoformat(),
                "size": len(members),
                "returned": returned,
                "share": [None if back is None else back / len(members) for back in returned],
                "complete": complete,
            }
        )
    return {"cohorts": rows, "mean": [share(back, size) for back, size in whole]}


def all_sessions(events: list[Event]) -> list[list[Event]]:
    """A conversation, or a run of a user's other events in which no gap reaches 30 minutes."""
    found = list(grouped((e for e in events if e.conversation), lambda e: e.conversation).values())
    others = grouped((e for e in events if not e.conversation and e.user), lambda e: e.user)
    for run in others.values():
        session: list[Event] = []
        for event in run:
            if session and event.at - session[-1].at >= 30 * MINUTE:
                found.append(session)
                session = []
            session.append(event)
        found.append(session)
    return found


def sessions(scope: Scope, interval: str) -> list[dict[str, Any]]:
    begun = [session for session in all_sessions(scope.all) if scope.holds(session[0].at)]
    by_bucket: dict[int, list[list[Event]]] = {}
    for session in begun:
        by_bucket.setdefault(scope.bucket(session[0].at, interval), []).append(session)
    logins = scope.by_bucket(scope.events("user.logged_in"), interval)
    logouts = scope.by_bucket(scope.events("user.logged_out"), interval)
    rows = []
    for start in sorted({*by_bucket, *logins, *logouts}):
        these = by_bucket.get(start, [])
        durations = [(session[-1].at - session[0].at) / SECOND for session in these]
        logged_in = logins.get(start, [])
        reported = [amount(e.properties.get("session_duration_seconds")) for e in logouts.get(start, [])]
        rows.append(
            {
                "start": start,
                "sessions": len(these),
                "users": len(set().union(*map(users, these))),
                "duration_p50_seconds": percentile(durations, 0.5),
                "duration_p95_seconds": percentile(durations, 0.95),
                "duration_mean_seconds": mean(durations),
                "logins": len(logged_in),
                "logins_per_user": share(
                    len([event for event in logged_in if event.user]), len(users(logged_in))
                ),
                "reported_duration_mean_seconds": mean([float(s) for s in reported if s is not None]),
            }
        )
    return rows


def heatmap(scope: Scope) -> list[dict[str, Any]]:
    def cell(event: Event) -> tuple[int, int]:
        local = scope.local(event.at)
        return local.isoweekday(), local.hour

    cells = grouped(scope.events(), cell)
    return [
        {"weekday": weekday, "hour": hour, "users": len(users(events)), "events": len(events)}
        for (weekday, hour), events in sorted(cells.items())
    ]


def geography(scope: Scope) -> list[dict[str, Any]]:
    def place(event: Event) -> tuple[str, str] | None:
        for said in (event.properties.get("location"), event.context.get("location")):
            if isinstance(said, dict):
                return text(said.get("country")), text(said.get("city"))
        return None

    places = grouped(scope.events(), place)
    return [
        {"country": at[0], "city": at[1], "users": len(users(events)), "events": len(events)}
        for at, events in places.items()
        if at is not None
    ]


def acquisition(scope: Scope, interval: str) -> list[dict[str, Any]]:
    def key(event: Event) -> tuple[int, str, str]:
        return (
            scope.bucket(event.at, interval),
            event.text("referral_source") or "organic",
            event.text("registration_method") or "email",
        )

    groups = grouped(scope.events("user.registered"), key)
    return [
        {"start": start, "source": source, "method": method, "registrations": len(events)}
        for (start, source, method), events in groups.items()
    ]
