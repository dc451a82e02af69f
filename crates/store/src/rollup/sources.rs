//! What stands in the SQL of a question for what hours come to, whether it is read from their rollups or from the
//! events.

use super::{Plan, slowest, sql_second};
use crate::ask::Besides;
use crate::filter::{Condition, USER};
use crate::{Field, Filters, Interval, Question, Scope, Store, Zone};

/// Quarter hours of an event name, source and kind. The columns: `created_at` of the quarter's beginning, `event_name`,
/// `source`, `kind`, `n` events, `e` errors, `m` measured latencies.
const QUARTERS_PLACE: &str = "{quarters}";

/// The same, and `l`: the distribution of the latencies. It takes most of the time of reading a rollup.
const LATENCIES_PLACE: &str = "{latencies}";

const QUARTERS: &str = "(
    SELECT created_at, event_name, source, kind, n, e, m /* l */
    FROM (SELECT * FROM rollup FINAL WHERE /* rolled */)
    ARRAY JOIN slots AS created_at, names AS event_name, sources AS source, kinds AS kind, counts AS n, errors AS e,
        measured AS m /* rolled l */
    WHERE /* filters */
    UNION ALL
    SELECT toStartOfFifteenMinutes(toDateTime(created_at, 'UTC')) AS created_at, event_name, source, kind, count() AS n,
        countIf(error != '') AS e, countIf(latency > 0) AS m /* live l */
    FROM {events}
    GROUP BY ALL)";

const LIVE_LATENCIES: &str = ", quantilesDDStateIf(0.01, 0.5)(latency, latency > 0) AS l";

/// Users of quarter hours, or of whole days where nothing smaller is asked for. The columns: `created_at` of the
/// beginning, `hashes`: a list of the hashes of different users, `is_day`: whether it is all of a day.
const PEOPLE_PLACE: &str = "{people}";

/// The same of conversations, without days.
const TALKS_PLACE: &str = "{conversations}";

/// Users of rollups alone, for who reads the other events too.
const KNOWN_PEOPLE_PLACE: &str = "{known people}";

const DIFFERENT: &str = "(
    /* rolled different */
    UNION ALL
    SELECT toStartOfFifteenMinutes(toDateTime(created_at, 'UTC')) AS created_at, groupUniqArray(sipHash64(/* text */)) AS hashes,
        false AS is_day
    FROM {events}
    WHERE /* text */ != ''
    GROUP BY created_at)";

// PREWHERE: of hours whose day is known only the key is read.
const ROLLED_DIFFERENT: &str = "
    /* days */
    SELECT hour + 900 * toUInt32(quarter - 1) AS created_at, of_quarter AS hashes, false AS is_day
    FROM (SELECT hour, /* column */ AS quarters FROM rollup FINAL PREWHERE /* rolled */ /* no days */)
    ARRAY JOIN quarters AS of_quarter, arrayEnumerate(quarters) AS quarter
    WHERE notEmpty(of_quarter)";

const NO_DAYS: &str = "AND toStartOfDay(hour) NOT IN {rolled_days:Array(UInt32)}";

const DAYS: &str = "
    SELECT day AS created_at, users AS hashes, true AS is_day FROM rollup_days FINAL
    WHERE tenant = {tenant:String} AND day IN {rolled_days:Array(UInt32)}
    UNION ALL";

/// Of the rows of rollups, in a question beside a plan.
pub(crate) const ROLLED: &str = "tenant = {tenant:String} AND hour >= toDateTime({rolled_from:UInt32}, 'UTC')
    AND hour < toDateTime({rolled_to:UInt32}, 'UTC') AND hour NOT IN {live_hours:Array(UInt32)}";

/// Of the events. The server finds the places in the table of each of the three.
const LIVE: &str = " AND (created_at < {live_before:DateTime64(3, 'UTC')} OR created_at >= {live_behind:DateTime64(3, 'UTC')}
    OR toStartOfHour(toDateTime(created_at, 'UTC')) IN {live_hours:Array(UInt32)})";

/// The quantile of `l` at a level, as SQL over quarters; NULL of nothing.
pub(crate) const MERGED: &str =
    "if(sum(m) = 0, NULL, arrayElement(quantilesDDMerge(0.01, /* level */)(l), 1))";

/// Whether quarters tell apart what these filters do.
pub(crate) fn can_hold(filters: &Filters) -> bool {
    filters.iter().all(|filter| is_told_apart(filter.field()))
}

/// Whether quarters have this field.
pub(crate) fn is_told_apart(field: &Field) -> bool {
    matches!(field, Field::EventName | Field::Source | Field::Kind)
}

/// What the smallest part of a time is that users are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parts {
    /// Whole days of UTC, so that those may be read that were rolled up.
    Days,
    /// Quarters of an hour.
    Quarters,
}

impl Parts {
    /// Those in which the users of these buckets may be read.
    pub(crate) fn of(scope: &Scope<'_>, interval: Interval) -> Self {
        let in_days = matches!(interval, Interval::Day | Interval::Week | Interval::Month);
        if in_days && *scope.zone == Zone::UTC { Self::Days } else { Self::Quarters }
    }
}

/// Quarters with so much of the distribution of latencies, from rollups and from events.
fn quarters(rolled: &str, live: &str) -> String {
    let l = if live.is_empty() { "" } else { ", l" };
    QUARTERS.replace("/* l */", l).replace("/* rolled l */", rolled).replace("/* live l */", live)
}

/// Different users or conversations, by the column that lists them and what names them in an event.
fn different(column: &str, text: &str, days: &str) -> String {
    DIFFERENT.replace("/* rolled different */", &rolled_different(column, days)).replace("/* text */", text)
}

fn rolled_different(column: &str, days: &str) -> String {
    let no_days = if days.is_empty() { "" } else { NO_DAYS };
    ROLLED_DIFFERENT
        .replace("/* column */", column)
        .replace("/* days */", days)
        .replace("/* no days */", no_days)
}

impl Store {
    /// A question in SQL that reads from one of the places above, by a plan that was made just before.
    pub(crate) fn ask_rolled<'a>(
        &self,
        scope: &'a Scope<'a>,
        plan: &Plan,
        parts: Parts,
        sql: &str,
    ) -> Question<'a> {
        self.ask_rolled_besides(scope, plan, parts, sql, Besides::default())
    }

    /// The same where the events have more columns.
    pub(crate) fn ask_rolled_besides<'a>(
        &self,
        scope: &'a Scope<'a>,
        plan: &Plan,
        parts: Parts,
        sql: &str,
        besides: Besides,
    ) -> Question<'a> {
        let filters = Condition::new("filter", scope.filters).sql;
        let filters = if filters.is_empty() { "true" } else { &filters };
        let (days, known) = match parts {
            Parts::Days => (DAYS, &*plan.days),
            Parts::Quarters => ("", &[][..]),
        };
        let sql = sql
            .replace(QUARTERS_PLACE, &quarters("", ""))
            .replace(LATENCIES_PLACE, &quarters(", latencies AS l", LIVE_LATENCIES))
            .replace(PEOPLE_PLACE, &different("users", USER, days))
            .replace(KNOWN_PEOPLE_PLACE, &format!("({})", rolled_different("users", days)))
            .replace(slowest::PLACE, slowest::SLOWEST)
            .replace(TALKS_PLACE, &different("conversations", "conversation_id", ""))
            .replace("/* rolled */", ROLLED)
            .replace("/* filters */", filters);
        self.ask_live(scope, plan, &sql, besides).param("rolled_days", known)
    }

    /// A question in SQL that reads `FROM {events}`, of which those are left out that a plan has rolled up.
    pub(crate) fn ask_beside<'a>(
        &self,
        scope: &'a Scope<'a>,
        plan: Option<&Plan>,
        sql: &str,
    ) -> Question<'a> {
        match plan {
            Some(plan) => self.ask_live(scope, plan, sql, Besides::default()),
            None => self.ask(scope, sql),
        }
    }

    fn ask_live<'a>(
        &self,
        scope: &'a Scope<'a>,
        plan: &Plan,
        sql: &str,
        mut besides: Besides,
    ) -> Question<'a> {
        besides.conditions += LIVE;
        let question = self.ask_besides(scope, sql, besides);
        let question = question.param("rolled_from", plan.from).param("rolled_to", plan.to);
        let question = question.param("live_before", sql_second(plan.from));
        let question = question.param("live_behind", sql_second(plan.to));
        question.param("live_hours", &plan.live)
    }
}
