//! The different users of whole days, from those of their hours.

use clickhouse::Row;
use model::Tenant;
use serde::Deserialize;

use super::{DAY_S, Hour};
use crate::insert::SETTINGS;
use crate::{Store, StoreError, within};

/// Days that are over, whose hours are all clean, and whose users are of another time; newest first.
const BEHIND: &str = "
    SELECT tenant, toUnixTimestamp(day) AS start
    FROM (
        SELECT tenant, toStartOfDay(hour) AS day, countIf(marks > covered) AS dirty, sum(covered) AS of_hours
        FROM (
            SELECT tenant, hour, sum(marks) AS marks FROM bucket_marks
            WHERE hour < toStartOfDay(now('UTC')) GROUP BY tenant, hour) AS marked
        LEFT JOIN (SELECT tenant, hour, covered FROM rollup FINAL) AS rolled USING (tenant, hour)
        GROUP BY tenant, day) AS hours
    LEFT JOIN (SELECT tenant, day, covered FROM rollup_days FINAL) AS days USING (tenant, day)
    WHERE dirty = 0 AND of_hours > covered
    ORDER BY start DESC, tenant
    LIMIT {limit:UInt64}";

/// In one statement, so that what is covered is what was read.
const ROLL_UP: &str = "
    INSERT INTO rollup_days
    SELECT tenant, toStartOfDay(hour) AS day, sum(covered), groupUniqArrayArray(arrayFlatten(users))
    FROM rollup FINAL
    WHERE tenant = {tenant:String} AND hour >= toDateTime({day:UInt32}, 'UTC') AND hour < toDateTime({behind:UInt32}, 'UTC')
    GROUP BY tenant, day";

/// Whether a day's users are not those of its hours, of which it covers all marks.
const DIFFERS: &str = "
    SELECT count() FROM (
        SELECT covered, arraySort(users) AS listed FROM rollup_days FINAL
        WHERE tenant = {tenant:String} AND day = toDateTime({day:UInt32}, 'UTC')) AS said
    INNER JOIN (
        SELECT sum(covered) AS covered, arraySort(groupUniqArrayArray(arrayFlatten(users))) AS listed FROM rollup FINAL
        WHERE tenant = {tenant:String} AND hour >= toDateTime({day:UInt32}, 'UTC') AND hour < toDateTime({behind:UInt32}, 'UTC')
    ) AS computed USING (covered)
    WHERE said.listed != computed.listed";

#[derive(Row, Deserialize)]
struct DayRow {
    tenant: String,
    start: u32,
}

impl Store {
    /// The newest days whose users can be rolled up, at most `limit`, each by its first second.
    pub async fn days_behind(&self, limit: u64) -> Result<Vec<Hour>, StoreError> {
        let query = self.roller.query_raw(BEHIND).param("limit", limit);
        let rows: Vec<DayRow> = within(self.timeout(), query.fetch_all()).await?;
        let day = |row: DayRow| Some(Hour { tenant: Tenant::parse(&row.tenant).ok()?, start: row.start });
        Ok(rows.into_iter().filter_map(day).collect())
    }

    /// Rolls up the users of the day that begins with this hour.
    pub async fn roll_up_day(&self, day: &Hour) -> Result<(), StoreError> {
        let query = self.roller.query_raw(ROLL_UP);
        let query = SETTINGS.into_iter().fold(query, |query, (name, value)| query.with_setting(name, value));
        let query = query.param("tenant", day.tenant.as_str()).param("day", day.start);
        within(4 * self.timeout(), query.param("behind", day.start + DAY_S).execute()).await
    }

    /// Whether the users of the day of an hour are not those of its hours, though all of them are in it.
    pub(super) async fn day_differs(&self, hour: &Hour) -> Result<bool, StoreError> {
        let day = hour.start - hour.start % DAY_S;
        let query = self.roller.query_raw(DIFFERS).param("tenant", hour.tenant.as_str()).param("day", day);
        let query = query.param("behind", day.saturating_add(DAY_S));
        Ok(within(self.timeout(), query.fetch_one::<u64>()).await? > 0)
    }
}
