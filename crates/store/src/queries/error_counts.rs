//! Errors by local day and event name.

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::rollup::{Parts, can_hold};
use crate::{Rolled, Scope, Store, StoreError};

const ERROR_COUNTS: &str = "
    SELECT toString(toDate(created_at, {zone:String})) AS date, event_name,
        countIf(error != '') AS error_count, count() AS total_count
    FROM {events}
    GROUP BY date, event_name
    ORDER BY date, event_name";

const OF_QUARTERS: &str = "
    SELECT toString(toDate(created_at, {zone:String})) AS date, event_name, sum(e) AS error_count, sum(n) AS total_count
    FROM {quarters}
    GROUP BY date, event_name
    ORDER BY date, event_name";

/// One event name on one day.
#[derive(Debug, PartialEq, Eq, Row, Serialize, Deserialize, ToSchema)]
pub struct ErrorCount {
    /// The day in the scope's zone, `2026-11-20`.
    pub date: String,
    /// The event name.
    pub event_name: String,
    /// Events with an error.
    pub error_count: u64,
    /// All events.
    pub total_count: u64,
}

impl Store {
    /// The scope's events, oldest day first; days without events are absent.
    pub async fn error_counts(&self, scope: &Scope<'_>) -> Result<Rolled<Vec<ErrorCount>>, StoreError> {
        let plan = if can_hold(scope.filters) { self.plan(scope).await? } else { None };
        Ok(match plan {
            Some(plan) => {
                let question = self.ask_rolled(scope, &plan, Parts::Quarters, OF_QUARTERS);
                Rolled::by(&plan, question.fetch_all().await?)
            }
            None => Rolled::live(self.ask(scope, ERROR_COUNTS).fetch_all().await?),
        })
    }
}
