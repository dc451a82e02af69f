//! The three native questions: errors by day, slow conversations, conversations with many errors.

use serde::Deserialize;
use store::Filters;
use store::queries::{ErrorCount, ErrorSession, SessionLatency};
use utoipa::IntoParams;

use crate::asked::{Asked, DEFAULT_DAYS};
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters::{self, Period};
use crate::reply::Reply;
use crate::shapes::Found;

const DEFAULT_LIMIT: u64 = 100;

/// Which events are counted.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Counted {
    /// Those of this name.
    #[serde(deserialize_with = "parameters::text")]
    #[param(example = "event_a")]
    event_name: Option<String>,
}

impl Counted {
    fn filters(&self) -> Result<Filters, ApiError> {
        Ok(self.event_name.as_deref().map_or(Ok(Filters::NONE), Filters::event_name)?)
    }
}

/// How many conversations are wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Top {
    /// The most conversations of an answer.
    #[serde(deserialize_with = "parameters::limit")]
    #[param(minimum = 1, maximum = 10000, default = 100)]
    limit: u64,
}

impl Default for Top {
    fn default() -> Self {
        Self { limit: DEFAULT_LIMIT }
    }
}

/// Which conversations count.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Least {
    /// Of how many events a conversation must be to count.
    #[serde(deserialize_with = "parameters::min_events")]
    #[param(minimum = 1, default = 1)]
    min_events: u64,
}

impl Default for Least {
    fn default() -> Self {
        Self { min_events: 1 }
    }
}

/// Errors and events of a name by day, oldest first; days without events are absent.
#[utoipa::path(
    get,
    path = "/analytics/errors",
    tag = "questions",
    params(
        ("event_name" = String, Query, description = "Those of this name", example = "event_a"),
        Period,
    ),
    responses((status = 200, description = "A row for each day", body = Found<ErrorCount>))
)]
pub(crate) async fn errors(call: Call) -> Result<Reply<Vec<ErrorCount>>, ApiError> {
    let (counted, period) = (call.parameters::<Counted>()?, call.parameters::<Period>()?);
    if counted.event_name.is_none() {
        return Err(ApiError::Missing("event_name query parameter is required"));
    }
    let asked = Asked::about(call, &period, Some(DEFAULT_DAYS), counted.filters()?).await?;
    asked.tell(asked.store().error_counts(&asked.scope()).await)
}

/// The slowest conversations by 95th percentile; latency 0 is not measured.
#[utoipa::path(
    get,
    path = "/analytics/latency",
    tag = "questions",
    params(Counted, Top, Period),
    responses((status = 200, description = "Slowest first", body = Found<SessionLatency>))
)]
pub(crate) async fn latency(call: Call) -> Result<Reply<Vec<SessionLatency>>, ApiError> {
    let (Top { limit }, counted) = (call.parameters()?, call.parameters::<Counted>()?);
    let period = call.parameters::<Period>()?;
    let asked = Asked::about(call, &period, None, counted.filters()?).await?;
    asked.tell(asked.store().latency(&asked.scope(), limit).await)
}

/// The conversations with the highest share of errors.
#[utoipa::path(
    get,
    path = "/analytics/sessions/top-errors",
    tag = "questions",
    params(Counted, Top, Least, Period),
    responses((status = 200, description = "Highest share first, then most events", body = Found<ErrorSession>))
)]
pub(crate) async fn top_error_sessions(call: Call) -> Result<Reply<Vec<ErrorSession>>, ApiError> {
    let (Top { limit }, Least { min_events }) = (call.parameters()?, call.parameters()?);
    let (counted, period) = (call.parameters::<Counted>()?, call.parameters::<Period>()?);
    let asked = Asked::about(call, &period, None, counted.filters()?).await?;
    asked.tell(asked.store().top_error_sessions(&asked.scope(), min_events, limit).await)
}
