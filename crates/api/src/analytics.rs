//! The three native questions: errors by day, slow conversations, conversations with many errors.

use std::sync::Arc;

use axum::extract::State;
use model::Timestamp;

use crate::app::App;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::extract::{Params, TenantOf};

const DEFAULT_DAYS: u32 = 7;
const DEFAULT_LIMIT: u64 = 100;

/// `GET /analytics/errors?event_name=X&days=7`
pub(crate) async fn errors(
    State(app): State<Arc<App>>,
    TenantOf(tenant): TenantOf,
    params: Params,
) -> Result<Reply, ApiError> {
    let event_name =
        params.get("event_name").ok_or(ApiError::Missing("event_name query parameter is required"))?;
    let since = params.since()?.unwrap_or_else(|| Timestamp::now().days_before(DEFAULT_DAYS));
    Ok(Reply::ok(&app.store.error_counts(&tenant, event_name, since).await?))
}

/// `GET /analytics/latency?limit=100&days=`
pub(crate) async fn latency(
    State(app): State<Arc<App>>,
    TenantOf(tenant): TenantOf,
    params: Params,
) -> Result<Reply, ApiError> {
    let (limit, since) = (params.limit(DEFAULT_LIMIT)?, params.since()?.unwrap_or_default());
    Ok(Reply::ok(&app.store.latency(&tenant, since, limit).await?))
}

/// `GET /analytics/sessions/top-errors?limit=100&days=&min_events=1`
pub(crate) async fn top_error_sessions(
    State(app): State<Arc<App>>,
    TenantOf(tenant): TenantOf,
    params: Params,
) -> Result<Reply, ApiError> {
    let (limit, since) = (params.limit(DEFAULT_LIMIT)?, params.since()?.unwrap_or_default());
    let min_events = params.positive("min_events", u64::MAX)?.unwrap_or(1);
    Ok(Reply::ok(&app.store.top_error_sessions(&tenant, since, min_events, limit).await?))
}
