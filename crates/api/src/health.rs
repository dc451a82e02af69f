//! Whether this process serves, and whether what it needs is there.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;

use crate::app::App;
use crate::envelope::Reply;

/// `data` of `/ready`.
#[derive(Serialize)]
struct Ready {
    kafka: &'static str,
    clickhouse: &'static str,
}

/// `GET /health`: while the process serves.
pub(crate) async fn health() -> Reply {
    Reply::new(StatusCode::OK, "ok")
}

/// `GET /ping`
pub(crate) async fn ping() -> Reply {
    Reply::new(StatusCode::OK, "pong")
}

/// `GET /ready`: 200 when writes and reads would be answered, else 503; that also when the end was asked for.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Reply {
    let kafka = async { app.takes_writes() && app.lag.now().await.is_ok() };
    let table = async || app.store.ping().await.is_ok();
    let clickhouse = async { app.takes_reads() && app.table_answers.latest(table).await };
    let (kafka, clickhouse) = tokio::join!(kafka, clickhouse);
    let word = |fine: bool| if fine { "ok" } else { "unavailable" };
    let data = Ready { kafka: word(kafka), clickhouse: word(clickhouse) };
    if app.is_ending() {
        Reply::failed(crate::error::ApiError::Unavailable("shutting down".into())).with(&data)
    } else if kafka && clickhouse {
        Reply::new(StatusCode::OK, "ready").with(&data)
    } else {
        Reply::failed(crate::error::ApiError::Unavailable("not ready".into())).with(&data)
    }
}
