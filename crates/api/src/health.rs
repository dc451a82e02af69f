//! Whether this process serves, and whether what it needs is there.

use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::call::Call;
use crate::error::ApiError;
use crate::reply::Reply;
use crate::shapes::{Failure, Good, Said};

/// `data` of `/ready`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ready {
    kafka: &'static str,
    clickhouse: &'static str,
}

/// Whether the process serves.
#[utoipa::path(
    get,
    path = "/health",
    tag = "operation",
    responses((status = 200, description = "The process serves", body = Said))
)]
pub(crate) async fn health(_: Call) -> Reply {
    Reply::new(StatusCode::OK, "ok")
}

/// Whether anybody is there.
#[utoipa::path(get, path = "/ping", tag = "operation", responses((status = 200, description = "Somebody is there", body = Said)))]
pub(crate) async fn ping(_: Call) -> Reply {
    Reply::new(StatusCode::OK, "pong")
}

/// Whether writes and reads would be answered, and the end was not asked for.
#[utoipa::path(
    get,
    path = "/ready",
    tag = "operation",
    responses(
        (status = 200, description = "Writes and reads would be answered", body = Good<Ready>),
        (status = 503, description = "Writes or reads would not be answered, or the end was asked for", body = Failure),
    )
)]
pub(crate) async fn ready(Call { app, .. }: Call) -> Reply<Ready> {
    let kafka = async { app.takes_writes() && app.lag.now().await.is_ok() };
    let table = async || app.store.ping().await.is_ok();
    let clickhouse = async { app.takes_reads() && app.table_answers.latest(table).await };
    let (kafka, clickhouse) = tokio::join!(kafka, clickhouse);
    let word = |fine: bool| if fine { "ok" } else { "unavailable" };
    let reply = if app.is_ending() {
        Reply::failed(ApiError::Unavailable("shutting down".into()))
    } else if kafka && clickhouse {
        Reply::new(StatusCode::OK, "ready")
    } else {
        Reply::failed(ApiError::Unavailable("not ready".into()))
    };
    reply.with(Ready { kafka: word(kafka), clickhouse: word(clickhouse) })
}
