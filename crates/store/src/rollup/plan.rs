//! Which hours of a question are read from their rollups, and which from the events.

use std::collections::HashMap;

use clickhouse::Row;
use model::Timestamp;
use serde::Deserialize;

use super::{DAY_S, END_S, EXACT_EVENTS, HOUR_MS, HOUR_S};
use crate::zone::Zone;
use crate::{Range, Scope, Store, StoreError, within};

/// Events of dirty hours that one answer reads besides the newest of them, by what they were when they were last
/// counted. Older dirty hours are read as they were when they were rolled up last.
const LIVE_EVENTS: u64 = 1_000_000;

/// Dirty hours that a question names: an address may have 64 KiB. Where there are more, all is read from the events.
const MOST_LIVE: usize = 1_000;

/// Days that a question names, the newest, beside those hours. The others are read by their hours.
const MOST_DAYS: usize = 2_000;

/// From November 2022 on local time is ahead of UTC by whole quarters of an hour, everywhere, and changes at one.
const WHOLE_QUARTERS_MS: i64 = 1_667_260_800_000;

/// All hours of a tenant that have events.
const HOURS: &str = "
    SELECT toUnixTimestamp(hour) AS start, marks, covered, events, toUnixTimestamp64Milli(computed_at) AS computed_at
    FROM (
        SELECT hour, sum(marks) AS marks FROM bucket_marks
        WHERE tenant = {tenant:String} AND hour >= toDateTime({first:UInt32}, 'UTC') AND hour < toDateTime({behind:UInt32}, 'UTC')
        GROUP BY hour) AS marked
    LEFT JOIN (/* rolled */) AS rolled USING (hour)
    ORDER BY start DESC";

const COVERED: &str = "
    SELECT hour, covered, events, computed_at FROM rollup FINAL
    WHERE tenant = {tenant:String} AND hour >= toDateTime({first:UInt32}, 'UTC') AND hour < toDateTime({behind:UInt32}, 'UTC')";

/// Only of hours whose money is rolled up too, which comes first.
const COVERED_WITH_MONEY: &str = "
    SELECT hour, if(of_money >= covered, covered, 0) AS covered, events, computed_at
    FROM (/* rolled */) AS counts
    LEFT JOIN (
        SELECT hour, covered AS of_money FROM rollup_money FINAL
        WHERE tenant = {tenant:String} AND hour >= toDateTime({first:UInt32}, 'UTC') AND hour < toDateTime({behind:UInt32}, 'UTC')
    ) AS money USING (hour)";

/// How many marks the days cover that were rolled up.
const DAYS: &str = "
    SELECT toUnixTimestamp(day) AS start, covered FROM rollup_days FINAL
    WHERE tenant = {tenant:String} AND day >= toDateTime({first:UInt32}, 'UTC') AND day < toDateTime({behind:UInt32}, 'UTC')";

/// How a question may use rollups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// Where it can. Where many hours are dirty, some of them as they were a while ago; percentiles of many values
    /// within 1 %.
    #[default]
    Bounded,
    /// Where that is exact: all dirty hours are read from the events.
    Exact,
    /// Not at all: all is read from the events.
    Raw,
}

/// What an answer was read from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Hours whose rollups were read.
    pub rolled_hours: usize,
    /// Hours whose events were read, those that the range only has a part of among them.
    pub live_hours: usize,
    /// How many of the rolled hours were written to since.
    pub stale_hours: usize,
    /// All that was acknowledged before is in the answer; none if all that was acknowledged is.
    pub as_of: Option<Timestamp>,
}

impl Read {
    /// What two answers were read from.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            rolled_hours: self.rolled_hours + other.rolled_hours,
            live_hours: self.live_hours + other.live_hours,
            stale_hours: self.stale_hours + other.stale_hours,
            as_of: [self.as_of, other.as_of].into_iter().flatten().min(),
        }
    }
}

/// An answer that may be made of rollups.
#[derive(Clone, Debug, PartialEq)]
pub struct Rolled<T> {
    /// The answer.
    pub data: T,
    /// What it was read from.
    pub read: Read,
    /// By what part of themselves percentiles may be off; none if they are exact.
    pub relative_error: Option<f64>,
}

impl<T> Rolled<T> {
    /// All of it read from the events.
    pub(crate) fn live(data: T) -> Self {
        Self { data, read: Read::default(), relative_error: None }
    }

    /// By a plan, if there was one.
    pub(crate) fn of(plan: Option<Plan>, data: T) -> Self {
        match plan {
            Some(plan) => Self::by(&plan, data),
            None => Self::live(data),
        }
    }

    /// By a plan.
    pub(crate) fn by(plan: &Plan, data: T) -> Self {
        Self { read: plan.read, ..Self::live(data) }
    }
}

impl<T> From<T> for Rolled<T> {
    fn from(data: T) -> Self {
        Self::live(data)
    }
}

/// From where the hours of a range are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The rolled hours lie from this second on,
    pub(super) from: u32,
    /// and before this one.
    pub(super) to: u32,
    /// Those of them whose events are read, ascending; like those before and behind.
    pub(super) live: Vec<u32>,
    /// Whole days of UTC whose users are known, ascending.
    pub(super) days: Vec<u32>,
    /// Events of the range, about; those of hours that were never rolled up are not known.
    pub(crate) events: u64,
    pub(crate) read: Read,
}

/// An hour that has events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Row, Deserialize)]
pub(super) struct HourState {
    pub(super) start: u32,
    pub(super) marks: u64,
    /// 0 if it was never rolled up, like the others.
    pub(super) covered: u64,
    pub(super) events: u64,
    /// In milliseconds.
    pub(super) computed_at: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Row, Deserialize)]
pub(super) struct DayState {
    pub(super) start: u32,
    pub(super) covered: u64,
}

impl Store {
    /// From where the hours of the scope's range are read; none if it has no whole hour, local time does not keep to
    /// quarters of an hour in it, or too many hours are dirty. To be made before each question anew, in a statement of
    /// its own: what is clean when it is made is still exact when the question is asked, since rollups only ever come
    /// to hold more.
    pub(crate) async fn plan(&self, scope: &Scope<'_>) -> Result<Option<Plan>, StoreError> {
        self.plan_of(scope, COVERED).await
    }

    /// The same for `rollup_money`.
    pub(crate) async fn plan_of_money(&self, scope: &Scope<'_>) -> Result<Option<Plan>, StoreError> {
        self.plan_of(scope, &COVERED_WITH_MONEY.replace("/* rolled */", COVERED)).await
    }

    async fn plan_of(&self, scope: &Scope<'_>, rolled: &str) -> Result<Option<Plan>, StoreError> {
        let Some((from, to)) = whole_hours(scope) else { return Ok(None) };
        let ask = |sql: &str| {
            let query = self.reader.query_raw(sql).param("tenant", scope.tenant.as_str());
            query.param("first", from).param("behind", to)
        };
        let days = within(self.timeout(), ask(DAYS).fetch_all::<DayState>());
        let of_hours = HOURS.replace("/* rolled */", rolled);
        let hours = within(self.timeout(), ask(&of_hours).fetch_all::<HourState>());
        let (days, hours) = tokio::try_join!(days, hours)?;
        let plan = Plan::new(from, to, &scope.range, &hours, &days, scope.reading);
        Ok(Some(plan).filter(|plan| plan.live.len() <= MOST_LIVE))
    }
}

/// The first second of the first whole hour of the scope's range, and the one behind the last.
fn whole_hours(scope: &Scope<'_>) -> Option<(u32, u32)> {
    let (from, to) = (scope.range.from().millis(), scope.range.counted_to().millis());
    if scope.reading == Reading::Raw || (*scope.zone != Zone::UTC && from < WHOLE_QUARTERS_MS) {
        return None;
    }
    let hour = |number: i64| u32::try_from(number).ok()?.checked_mul(HOUR_S);
    let from = hour((from + HOUR_MS - 1).div_euclid(HOUR_MS))?;
    let to = hour(to.div_euclid(HOUR_MS)).unwrap_or(END_S).min(END_S);
    (from < to).then_some((from, to))
}

impl Plan {
    /// Whether the events are so few that percentiles are worked out exactly.
    pub(crate) fn is_small(&self) -> bool {
        self.events <= EXACT_EVENTS
    }

    /// The states are those of the hours, newest first, and of the days from `from` up to `to`.
    pub(super) fn new(
        from: u32,
        to: u32,
        range: &Range,
        hours: &[HourState],
        days: &[DayState],
        reading: Reading,
    ) -> Self {
        let (mut live, mut read, mut live_events) = (Vec::new(), Read::default(), 0);
        // None where an hour is dirty: what the day covers may then add up to as many of other hours.
        let mut marks_of_day: HashMap<u32, Option<u64>> = HashMap::new();
        for hour in hours {
            let of_day = marks_of_day.entry(hour.start - hour.start % DAY_S).or_insert(Some(0));
            if hour.covered >= hour.marks {
                *of_day = of_day.map(|marks| marks + hour.marks);
                read.rolled_hours += 1;
                continue;
            }
            *of_day = None;
            // The newest one always, however many events it has.
            let is_newest = live.is_empty();
            let fits = is_newest || live_events + hour.events <= LIVE_EVENTS;
            if hour.covered == 0 || reading == Reading::Exact || fits {
                live_events += if is_newest { 0 } else { hour.events };
                live.push(hour.start);
                continue;
            }
            read.rolled_hours += 1;
            read.stale_hours += 1;
            let computed_at = Timestamp::from_millis(hour.computed_at).unwrap_or_default();
            read.as_of = Some(read.as_of.map_or(computed_at, |before| before.min(computed_at)));
        }
        live.reverse();
        let borders = [(range.from().millis(), from), (range.counted_to().millis(), to)];
        let parts = borders.into_iter().filter(|(at, hour)| *at != i64::from(*hour) * 1_000).count();
        read.live_hours = live.len() + parts;
        let is_whole = |day: &&DayState| {
            from <= day.start
                && day.start + DAY_S <= to
                && marks_of_day.get(&day.start) == Some(&Some(day.covered))
        };
        let mut days: Vec<_> = days.iter().filter(is_whole).map(|day| day.start).collect();
        days.sort_unstable_by(|a, b| b.cmp(a));
        days.truncate(MOST_DAYS);
        days.reverse();
        let events = hours.iter().map(|hour| hour.events).sum();
        Self { from, to, live, days, events, read }
    }
}

#[cfg(test)]
mod tests;
