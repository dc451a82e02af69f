//! Whether this process serves, and whether what it needs is there.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use tokio::time::timeout;

use crate::app::App;
use crate::envelope::Reply;

const ANSWER_WITHIN: Duration = Duration::from_secs(3);

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

/// `GET /ready`: 200 when writes and reads would be answered, else 503.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Reply {
    let kafka = async {
        app.takes_writes() && matches!(timeout(ANSWER_WITHIN, app.positions.committed()).await, Ok(Ok(_)))
    };
    let (kafka, clickhouse) =
        tokio::join!(kafka, async { app.takes_reads() && app.store.ping().await.is_ok() });
    let word = |fine: bool| if fine { "ok" } else { "unavailable" };
    let data = Ready { kafka: word(kafka), clickhouse: word(clickhouse) };
    if kafka && clickhouse {
        Reply::new(StatusCode::OK, "ready").with(&data)
    } else {
        Reply::failed(crate::error::ApiError::Unavailable("not ready".into())).with(&data)
    }
}
