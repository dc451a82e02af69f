//! The three native questions: errors by day, slow conversations, conversations with many errors.

use serde::Deserialize;
use store::queries::{ErrorCount, ErrorSession, SessionLatency};

use crate::asked::Asked;
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters::{self, Period};
use crate::reply::Reply;

const DEFAULT_DAYS: u32 = 7;
const DEFAULT_LIMIT: u64 = 100;

/// Which events are counted.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Counted {
    #[serde(deserialize_with = "parameters::text")]
    event_name: Option<String>,
}

/// How many conversations are wanted.
#[derive(Deserialize)]
#[serde(default)]
struct Top {
    #[serde(deserialize_with = "parameters::limit")]
    limit: u64,
    /// Of how many events a conversation must be to count.
    #[serde(deserialize_with = "parameters::min_events")]
    min_events: u64,
}

impl Default for Top {
    fn default() -> Self {
        Self { limit: DEFAULT_LIMIT, min_events: 1 }
    }
}

/// `GET /analytics/errors?event_name=X&days=7`
pub(crate) async fn errors(call: Call) -> Result<Reply<Vec<ErrorCount>>, ApiError> {
    let (Counted { event_name }, period) = (call.parameters()?, call.parameters::<Period>()?);
    let event_name = event_name.ok_or(ApiError::Missing("event_name query parameter is required"))?;
    let asked = Asked::about(call, &period, Some(DEFAULT_DAYS)).await?;
    asked.answer(asked.store().error_counts(&asked.scope(), &event_name).await)
}

/// `GET /analytics/latency?limit=100&days=`
pub(crate) async fn latency(call: Call) -> Result<Reply<Vec<SessionLatency>>, ApiError> {
    let (Top { limit, .. }, period) = (call.parameters()?, call.parameters::<Period>()?);
    let asked = Asked::about(call, &period, None).await?;
    asked.answer(asked.store().latency(&asked.scope(), limit).await)
}

/// `GET /analytics/sessions/top-errors?limit=100&days=&min_events=1`
pub(crate) async fn top_error_sessions(call: Call) -> Result<Reply<Vec<ErrorSession>>, ApiError> {
    let (Top { limit, min_events }, period) = (call.parameters()?, call.parameters::<Period>()?);
    let asked = Asked::about(call, &period, None).await?;
    asked.answer(asked.store().top_error_sessions(&asked.scope(), min_events, limit).await)
}
