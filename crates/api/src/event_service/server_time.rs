//! The server's clock, for clients that don't trust their own.

use axum::Json;
use axum::response::{IntoResponse, Response};
use model::Timestamp;

use crate::call::Call;

/// What time it is: ISO 8601, UTC.
#[utoipa::path(
    get,
    path = "/api/v2.0/ServerTime",
    tag = "event service",
    responses((
        status = 200,
        description = "The time, a JSON string",
        content_type = "application/json",
        body = String,
        example = json!("2026-11-20T21:57:13.123Z")
    ))
)]
pub(crate) async fn show(_: Call) -> Response {
    Json(Timestamp::now()).into_response()
}
