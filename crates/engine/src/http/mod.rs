//! ClickHouse's HTTP interface: `/` for statements, `/ping` for whoever wants to know if it is up.

mod body;
mod compression;
mod form;
mod guard;
mod login;
mod response;
mod statement;

use std::{future::Future, future::IntoFuture, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    middleware,
    response::Response,
    routing::get,
    serve::ListenerExt,
};
use tokio::{net::TcpListener, sync::oneshot, time};
use tracing::{info, warn};

pub(crate) use self::body::Body;
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

    let (stopping, stopped) = oneshot::channel();
    let shutdown = async {
        shutdown.await;
        // Nobody listens if the server has failed.
        let _ = stopping.send(());
    };
    let patience = async {
        if stopped.await.is_err() {
            std::future::pending::<()>().await;
        }
        time::sleep(SHUTDOWN_PATIENCE).await;
    };
    let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
    let serving = axum::serve(listener, router(Arc::clone(&database), password.map(Arc::from)))
        .with_graceful_shutdown(shutdown);
    let mut serving = pin!(serving.into_future());
    let result = tokio::select! {
        result = &mut serving => result.map_err(EngineError::Listener),
        () = patience => {
            warn!(patience_ms = SHUTDOWN_PATIENCE.as_millis(), "requests to the engine did not end in time");
            Ok(())
        }
    };
    database.close().await?;
    info!("engine closed");
    result
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
