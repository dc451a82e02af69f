//! ClickHouse's HTTP interface: `/` for statements, `/ping` for whoever wants to know if it is up.

mod form;
mod guard;
mod login;
mod response;
mod statement;

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    middleware,
    response::Response,
    routing::get,
};
use runtime::{
    server::{self, Limits},
    shutdown::Shutdown,
};
use tokio::{net::TcpListener, time};
use tracing::{info, warn};

use self::login::Password;
use crate::{database::Database, error::EngineError};

/// How long requests under way may take to end once the engine is to close.
const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(10);

/// Answers until `shutdown` ends, then closes the database.
pub(crate) async fn serve(
    database: Arc<Database>,
    password: Option<String>,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), EngineError> {
    let address = listener.local_addr().map_err(EngineError::Listener)?;
    if !address.ip().is_loopback() {
        return Err(EngineError::NotLoopback(address));
    }
    info!(%address, "engine listens");

    let router = router(Arc::clone(&database), password.map(Arc::from));
    // A client that is gone is no longer waited for: its query is cancelled.
    let limits = Limits { half_close: false, ..Limits::default() };
    let closing = Shutdown::new();
    let mut serving = pin!(server::serve(listener, limits, Arc::new(refusal), router, closing.clone()));
    tokio::select! {
        () = &mut serving => {}
        () = shutdown => {}
    }
    closing.cancel();
    if time::timeout(SHUTDOWN_PATIENCE, serving).await.is_err() {
        warn!(patience_ms = SHUTDOWN_PATIENCE.as_millis(), "requests to the engine did not end in time");
    }
    database.close().await?;
    info!("engine closed");
    Ok(())
}

/// What is said where no request could be read.
fn refusal(status: StatusCode) -> axum::http::Response<Vec<u8>> {
    let reason = status.canonical_reason().unwrap_or_default();
    let mut response = axum::http::Response::new(format!("{reason}\n").into_bytes());
    *response.status_mut() = status;
    response
}

fn router(database: Arc<Database>, password: Password) -> Router {
    Router::new()
        .route("/", get(answer).post(answer).layer(middleware::from_fn_with_state(password, login::ask)))
        .route("/ping", get(|| async { "Ok.\n" }))
        .fallback(|| async { (StatusCode::NOT_FOUND, "There is no handler here. Use / or /ping.\n") })
        .layer(middleware::from_fn(guard::refuse_strangers))
        .with_state(database)
}

async fn answer(State(database): State<Arc<Database>>, request: Request) -> Response {
    statement::answer(database, request).await.unwrap_or_else(|exception| response::failed(&exception, ""))
}
