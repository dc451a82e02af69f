//! Connections: taken, served by HTTP/1, and ended.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use runtime::shutdown::Shutdown;
use tokio::net::{TcpListener, TcpStream};

use crate::front::Front;

/// How long to wait when no connection can be taken, as when there are too many files.
const PAUSE: Duration = Duration::from_secs(1);

/// Serves until `shutdown`, and then until what is in flight is answered.
pub(crate) async fn serve(listener: TcpListener, front: Front, shutdown: Shutdown) {
    let (front, connections) = (Arc::new(front), GracefulShutdown::new());
    let http = http1::Builder::new();
    while let Some(stream) = shutdown.run_until_cancelled(accept(&listener)).await {
        let front = Arc::clone(&front);
        let answer = service_fn(move |request: hyper::Request<Incoming>| {
            let front = Arc::clone(&front);
            async move { Ok::<_, Infallible>(front.answer(request.map(Body::new)).await) }
        });
        let connection = connections.watch(http.serve_connection(TokioIo::new(stream), answer));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke off");
            }
        });
    }
    drop(listener);
    connections.shutdown().await;
}

/// The next connection. Answers are small and must not wait for more.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "could not set TCP_NODELAY");
                }
                return stream;
            }
            Err(error) if is_clients(&error) => {}
            Err(error) => {
                tracing::error!(%error, "could not take a connection");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Whether the client went away before it was served.
fn is_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
