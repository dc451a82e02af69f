//! What events come to, in one number.

use clickhouse::Row;
use serde::Deserialize;

use crate::ask::Besides;
use crate::{Metric, Scope, Store, StoreError};

/// The name of the metric's own column.
const COLUMN: &str = "measured";

/// A metric of some events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Row, Deserialize)]
pub struct Measure {
    /// How many events there are.
    pub events: u64,
    /// The metric's value; none of a rate, a mean or a percentile of nothing.
    pub value: Option<f64>,
    /// How many values a percentile is of; none of other metrics.
    pub values: Option<u64>,
}

impl Store {
    /// The metric over all of the scope's events.
    pub async fn measure(&self, scope: &Scope<'_>, metric: &Metric) -> Result<Measure, StoreError> {
        let mut besides = Besides::default();
        besides.columns = metric.column(COLUMN, &mut besides.params);
        let (value, values) = (metric.value(COLUMN), metric.count(COLUMN));
        let values = values.as_deref().unwrap_or("NULL");
        let sql = format!(
            "SELECT count() AS events, {value} AS value, CAST({values}, 'Nullable(UInt64)') AS values FROM {{events}}"
        );
        let rows = self.ask_besides(scope, &sql, besides).fetch_all::<Measure>().await?;
        // A question without groups has one answer.
        Ok(rows.first().copied().unwrap_or_default())
    }
}
