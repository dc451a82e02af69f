//! When in the week people are there.

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::filter::{USER, distinct};
use crate::{Scope, Store, StoreError};

const HEATMAP: &str = "
    SELECT toDayOfWeek(created_at, 0, {zone:String}) AS weekday, toHour(created_at, {zone:String}) AS hour,
        /* distinct users */ AS users, count() AS events
    FROM {events}
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
    pub async fn heatmap(&self, scope: &Scope<'_>) -> Result<Vec<HeatmapCell>, StoreError> {
        self.ask(scope, &HEATMAP.replace("/* distinct users */", &distinct(USER))).fetch_all().await
    }
}
