//! The three native questions: errors by day, slow conversations, conversations with many errors.

use std::sync::Arc;

use axum::extract::State;
use model::Tenant;
use serde::Serialize;
use store::{Range, Scope, StoreError, Zone};

use crate::app::App;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::extract::{Params, TenantOf};

const DEFAULT_DAYS: u32 = 7;
const DEFAULT_LIMIT: u64 = 100;
const NARROW: &str = "ask for fewer days";

/// `GET /analytics/errors?event_name=X&days=7`
pub(crate) async fn errors(
    State(app): State<Arc<App>>,
    TenantOf(tenant): TenantOf,
    params: Params,
) -> Result<Reply, ApiError> {
    let event_name =
        params.get("event_name").ok_or(ApiError::Missing("event_name query parameter is required"))?;
    let scope = scope(&app, &tenant, params.range(Some(DEFAULT_DAYS))?);
    answer(app.store.error_counts(&scope, event_name).await)
}

/// `GET /analytics/latency?limit=100&days=`
pub(crate) async fn latency(
    State(app): State<Arc<App>>,
    TenantOf(tenant): TenantOf,
    params: Params,
) -> Result<Reply, ApiError> {
    let (limit, range) = (params.limit(DEFAULT_LIMIT)?, params.range(None)?);
    answer(app.store.latency(&scope(&app, &tenant, range), limit).await)
}

/// `GET /analytics/sessions/top-errors?limit=100&days=&min_events=1`
pub(crate) async fn top_error_sessions(
    State(app): State<Arc<App>>,
    TenantOf(tenant): TenantOf,
    params: Params,
) -> Result<Reply, ApiError> {
    let (limit, range) = (params.limit(DEFAULT_LIMIT)?, params.range(None)?);
    let min_events = params.positive("min_events", u64::MAX)?.unwrap_or(1);
    answer(app.store.top_error_sessions(&scope(&app, &tenant, range), min_events, limit).await)
}

fn scope<'a>(app: &App, tenant: &'a Tenant, range: Range) -> Scope<'a> {
    Scope { tenant, range, zone: &Zone::UTC, limits: app.store.limits(), query_id: None }
}

fn answer(rows: Result<Vec<impl Serialize>, StoreError>) -> Result<Reply, ApiError> {
    rows.map(|rows| Reply::ok(&rows)).map_err(|error| ApiError::question(error, NARROW))
}
