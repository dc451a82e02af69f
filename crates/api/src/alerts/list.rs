//! Alerts are listed.

use serde::Deserialize;
use serde::de::{self, Deserializer};
use store::{Alert, AlertState};
use utoipa::IntoParams;

use crate::call::Call;
use crate::error::ApiError;
use crate::parameters;
use crate::reply::Reply;
use crate::shapes::Good;

/// Which alerts are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Wanted {
    /// Those in this state: `open`, `acknowledged` or `resolved`. All if absent.
    #[serde(deserialize_with = "state")]
    #[param(value_type = Option<AlertState>)]
    state: Option<AlertState>,
    /// The most alerts of an answer.
    #[serde(deserialize_with = "parameters::short_limit")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: u16,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { state: None, limit: 100 }
    }
}

/// The tenant's alerts, newest first.
#[utoipa::path(
    get,
    path = "/alerts",
    tag = "alerts",
    params(Wanted),
    responses((status = 200, description = "Newest first", body = Good<Vec<Alert>>))
)]
pub(crate) async fn list(call: Call) -> Result<Reply<Vec<Alert>>, ApiError> {
    let Wanted { state, limit } = call.parameters()?;
    let alerts = call.app.store.newest_alerts(&call.caller.tenant, state, limit.into()).await?;
    Ok(Reply::ok(alerts))
}

fn state<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<AlertState>, D::Error> {
    match parameters::text(deserializer)? {
        None => Ok(None),
        Some(name) => AlertState::parse(&name)
            .map(Some)
            .ok_or_else(|| de::Error::custom("state must be open, acknowledged or resolved")),
    }
}
