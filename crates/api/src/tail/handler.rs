//! `GET /tail`

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::frame;
use super::ring::Place;
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters::Filtered;

const LAST_EVENT_ID: &str = "last-event-id";

/// What is done to events, while it is taken in: server-sent events `created`, `updated` and `deleted`, whose `data`
/// is the event, the changed fields with its `id`, or its `id` alone. `missed` tells how many a client did not get
/// that reads too slowly. A change passes unless a filter fails on a field that it carries.
#[utoipa::path(
    get,
    path = "/tail",
    tag = "questions",
    params(
        Filtered,
        ("Last-Event-ID" = Option<String>, Header, description = "The `id` of the last message that was seen: what is behind it comes first", example = "3-1024"),
    ),
    responses((status = 200, description = "Server-sent events, without an end", body = String, content_type = "text/event-stream"))
)]
pub(crate) async fn tail(call: Call) -> Result<Response, ApiError> {
    let Filtered { filters } = call.parameters()?;
    let after = last_seen(&call.headers)?;
    let watcher = call.app.tail.watch(call.caller.tenant.clone(), filters, after).await?;
    let headers = [
        (CONTENT_TYPE.as_str(), "text/event-stream"),
        (CACHE_CONTROL.as_str(), "no-cache"),
        ("x-accel-buffering", "no"),
    ];
    Ok((headers, Body::from_stream(watcher.pieces(call.place.keep()))).into_response())
}

/// An empty header is that of a client that has seen none.
fn last_seen(headers: &HeaderMap) -> Result<Option<Place>, ApiError> {
    let Some(id) = headers.get(LAST_EVENT_ID).filter(|id| !id.is_empty()) else { return Ok(None) };
    let place = id.to_str().ok().and_then(frame::place);
    let wrong = || ApiError::Invalid("Last-Event-ID must be the id of a message of this tail".into());
    place.map(Some).ok_or_else(wrong)
}
