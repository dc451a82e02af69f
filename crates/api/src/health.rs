//! Whether this process serves, and whether what it needs is there.

use axum::http::StatusCode;
use serde::Serialize;

use crate::call::Call;
use crate::error::ApiError;
use crate::reply::Reply;

/// `data` of `/ready`.
#[derive(Debug, Serialize)]
pub(crate) struct Ready {
    kafka: &'static str,
    clickhouse: &'static str,
}

/// `GET /health`: while the process serves.
pub(crate) async fn health(_: Call) -> Reply {
    Reply::new(StatusCode::OK, "ok")
}

/// `GET /ping`
pub(crate) async fn ping(_: Call) -> Reply {
    Reply::new(StatusCode::OK, "pong")
}

/// `GET /ready`: 200 when writes and reads would be answered, else 503; that also when the end was asked for.
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
