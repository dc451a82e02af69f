//! What the value of an alert was measured of.

use model::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Filter, Filters, Metric};

/// A metric, and the events of which it was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Measured {
    /// As `POST /query` takes it; `events` of a rule of silence.
    #[schema(value_type = serde_json::Value)]
    pub metric: Metric,
    /// What held of the events: all of these.
    #[schema(value_type = Vec<Filter>)]
    pub filters: Filters,
    /// The time of the first events that were looked at.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// The time before which the last of them were.
    #[schema(value_type = String, format = DateTime)]
    pub to: Timestamp,
}
