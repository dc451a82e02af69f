//! Rolls hours up: what their events come to, as FINAL has them, in one row each.

use clickhouse::query::Query;

use super::{Dirty, HOUR_S, slowest, sql_second};
use crate::filter::USER;
use crate::insert::SETTINGS;
use crate::{Store, StoreError, within};

/// Some hours of one tenant. An hour without events gets a row too, in place of the one it had.
const ROLL_UP: &str = "
    INSERT INTO rollup
        (tenant, hour, covered, computed_at, events, slots, names, sources, kinds, counts, errors, measured, latencies,
        users, conversations, slow_conversations, slow_names, slow_p95s)
    SELECT {tenant:String}, toDateTime(wanted.1, 'UTC'), wanted.2, fromUnixTimestamp64Milli(wanted.3, 'UTC'),
        events, slots, names, sources, kinds, counts, errors, measured, latencies, users, conversations,
        slow_conversations, slow_names, slow_p95s
    FROM (
        SELECT arrayJoin(arrayZip({hours:Array(UInt32)}, {covered:Array(UInt64)}, {counted_at:Array(Int64)})) AS wanted,
            wanted.1 AS start) AS asked
    LEFT JOIN (/* hours */) AS found USING (start)";

/// What the hours come to that have events.
const HOURS: &str =
    "SELECT * FROM (/* counted */) AS counted LEFT JOIN (/* slowest */) AS slowest USING (start)";

const COUNTED: &str = "
    SELECT toUnixTimestamp(toStartOfHour(slot)) AS start, sum(n) AS events, groupArray(slot) AS slots,
        groupArray(event_name) AS names, groupArray(source) AS sources, groupArray(kind) AS kinds,
        groupArray(n) AS counts, groupArray(e) AS errors, groupArray(m) AS measured, groupArray(l) AS latencies,
        arrayMap(at -> intDiv(toUnixTimestamp(at) % 3600, 900), slots) AS quarters, groupArray(u) AS people, groupArray(c) AS talks,
        arrayMap(n -> arrayDistinct(arrayFlatten(arrayFilter((u, quarter) -> quarter = n, people, quarters))), range(4)) AS users,
        arrayMap(n -> arrayDistinct(arrayFlatten(arrayFilter((c, quarter) -> quarter = n, talks, quarters))), range(4)) AS conversations
    FROM (/* quarters */)
    GROUP BY start";

/// The events of each quarter hour, name, source and kind, of all that `FROM` gives.
const QUARTERS: &str = "
    SELECT toStartOfFifteenMinutes(toDateTime(created_at, 'UTC')) AS slot, event_name, source, kind, count() AS n,
        countIf(error != '') AS e, countIf(latency > 0) AS m,
        quantilesDDStateIf(0.01, 0.5)(latency, latency > 0) AS l,
        groupUniqArrayIf(sipHash64(/* user */ AS user), user != '') AS u,
        groupUniqArrayIf(sipHash64(conversation_id), conversation_id != '') AS c
    FROM /* events */
    GROUP BY slot, event_name, source, kind";

/// The events of the hours. Times are compared with times of milliseconds alone: for one of whole seconds the server
/// takes `<` for `<=` a second before, and passes over what lies between.
pub(super) const EVENTS: &str = "events FINAL
    WHERE tenant = {tenant:String} AND toStartOfHour(toDateTime(created_at, 'UTC')) IN {hours:Array(UInt32)}
        AND created_at >= {first:DateTime64(3, 'UTC')} AND created_at < {behind:DateTime64(3, 'UTC')}";

impl Store {
    /// Rolls up hours of one tenant, which covers the marks that were counted of them. May be done by many at once, and
    /// again: of an hour's rows the one that covers most counts.
    pub async fn roll_up(&self, hours: &[Dirty]) -> Result<(), StoreError> {
        if hours.is_empty() {
            return Ok(());
        }
        // Before the others, so that whoever finds those finds it too.
        self.roll_up_money(hours).await?;
        let covered: Vec<_> = hours.iter().map(|dirty| dirty.marks).collect();
        let counted_at: Vec<_> = hours.iter().map(|dirty| dirty.counted_at).collect();
        let query = self.roller.query_raw(&ROLL_UP.replace("/* hours */", &hours_sql()));
        let query = SETTINGS.into_iter().fold(query, |query, (name, value)| query.with_setting(name, value));
        let query = of_hours(query, hours).param("covered", &covered).param("counted_at", &counted_at);
        within(4 * self.timeout(), query.execute()).await
    }
}

/// What hours come to, as SQL; its parameters are `tenant`, `hours`, and the times `first` and `behind`.
pub(super) fn hours_sql() -> String {
    let quarters = QUARTERS.replace("/* user */", USER);
    HOURS
        .replace("/* counted */", &COUNTED.replace("/* quarters */", &quarters))
        .replace("/* slowest */", slowest::OF_HOURS)
        .replace("/* events */", EVENTS)
}

/// The values of what [`EVENTS`] says.
pub(super) fn of_hours(query: Query, hours: &[Dirty]) -> Query {
    let tenant = hours.first().map_or("", |dirty| dirty.hour.tenant.as_str());
    let starts: Vec<_> = hours.iter().map(|dirty| dirty.hour.start).collect();
    let (first, last) = starts.iter().fold((u32::MAX, 0), |(a, b), at| (a.min(*at), b.max(*at)));
    let query = query.param("tenant", tenant).param("hours", &starts);
    query.param("first", sql_second(first)).param("behind", sql_second(last + HOUR_S))
}
