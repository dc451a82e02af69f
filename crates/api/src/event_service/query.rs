//! Messages of the EventService API are found again: those that match what a body asks for, page by page.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use model::Timestamp;
use model::wire::event_service::{Query, Returned};
use serde::Deserialize;
use store::{Filters, Range, Scope, Zone};
use utoipa::IntoParams;

use super::shapes::{EventServiceFound, EventServiceQuery};
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters;
use crate::shapes::FlatFailure;

const NARROW: &str = "ask for a shorter time from Start to End";

/// Which page is wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Paging {
    /// The most events of an answer.
    #[serde(deserialize_with = "parameters::short_limit")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: u16,
    /// How many of the newest are passed over.
    #[serde(deserialize_with = "parameters::offset")]
    #[param(minimum = 0, maximum = 1_000_000_000, default = 0)]
    offset: u32,
}

impl Default for Paging {
    fn default() -> Self {
        Self { limit: 100, offset: 0 }
    }
}

/// The events that match all that is asked, newest first; those of one millisecond by their ids.
#[utoipa::path(
    post,
    path = "/api/v2.0/QueryService/Events",
    tag = "event service",
    params(Paging),
    request_body(content = EventServiceQuery, description = "What is asked. It is read as JSON whatever its type"),
    responses(
        (status = 200, description = "A page of them", body = Vec<EventServiceFound>),
        (status = 204, description = "There is none, or none any more"),
        (status = 400, description = "It can't be asked; the message names the field", body = FlatFailure),
    )
)]
pub(crate) async fn events(call: Call) -> Result<Response, ApiError> {
    let Paging { limit, offset } = call.parameters()?;
    // Its place is held until the answer is made.
    let Call { app, caller, place: _place, headers, body, .. } = call;
    let body = app.bodies.read(&headers, body, app.config.max_body_bytes).await?;
    let (query, room) = body.parsed(|bytes, _| Ok(Query::read(bytes)?)).await?;
    drop(room);
    let Some(range) = range(&query) else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    let scope = Scope {
        tenant: &caller.tenant,
        range,
        zone: &Zone::UTC,
        filters: &Filters::NONE,
        limits: app.store.limits(),
        query_id: Some(caller.request_id.as_str()),
    };
    let events = app.store.event_service(&scope, &query, limit.into(), offset.into()).await;
    let events = events.map_err(|error| ApiError::question(error, NARROW))?;
    if events.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(Json(events.iter().map(Returned::new).collect::<Vec<_>>()).into_response())
}

/// The times that are asked about, also those to come: a laboratory's clock may be ahead of ours. `None` if they
/// are empty.
fn range(query: &Query) -> Option<Range> {
    let end = query.end.unwrap_or(Timestamp::MAX);
    Range::new(query.start.unwrap_or_default(), end, end).ok()
}
