//! When in the week people are there.

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::filter::{USER, distinct};
use crate::rollup::Parts;
use crate::{Rolled, Scope, Store, StoreError};

const HEATMAP: &str = "
    SELECT toDayOfWeek(created_at, 0, {zone:String}) AS weekday, toHour(created_at, {zone:String}) AS hour,
        /* distinct users */ AS users, count() AS events
    FROM {events}
    GROUP BY weekday, hour
    ORDER BY weekday, hour";

const QUARTERS: &str = "
    SELECT weekday, hour, sum(of_users) AS users, sum(of_events) AS events
    FROM (
        SELECT toDayOfWeek(created_at, 0, {zone:String}) AS weekday, toHour(created_at, {zone:String}) AS hour,
            0 AS of_users, sum(n) AS of_events
        FROM {quarters}
        GROUP BY weekday, hour
        UNION ALL
        SELECT toDayOfWeek(created_at, 0, {zone:String}) AS weekday, toHour(created_at, {zone:String}) AS hour,
            uniqExactArray(hashes) AS of_users, 0 AS of_events
        FROM {people}
        GROUP BY weekday, hour)
    GROUP BY weekday, hour
    ORDER BY weekday, hour";

/// One hour of the week, in local time.
#[derive(Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
pub struct HeatmapCell {
    /// 1 is Monday, 7 Sunday.
    #[schema(minimum = 1, maximum = 7)]
    pub weekday: u8,
    /// 0 to 23.
    #[schema(minimum = 0, maximum = 23)]
    pub hour: u8,
    /// Different users.
    pub users: u64,
    /// All events.
    pub events: u64,
}

impl Store {
    /// In the order of the week; hours without events are left out.
    pub async fn heatmap(&self, scope: &Scope<'_>) -> Result<Rolled<Vec<HeatmapCell>>, StoreError> {
        let plan = if scope.filters.is_empty() { self.plan(scope).await? } else { None };
        if let Some(plan) = plan {
            let question = self.ask_rolled(scope, &plan, Parts::Quarters, QUARTERS);
            return Ok(Rolled::by(&plan, question.fetch_all().await?));
        }
        let question = self.ask(scope, &HEATMAP.replace("/* distinct users */", &distinct(USER)));
        Ok(Rolled::live(question.fetch_all().await?))
    }
}
