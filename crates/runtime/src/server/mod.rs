//! HTTP/1 for clients that are slow, rude or gone: each connection has time limits, and there are so many
//! connections at most. Knows nothing of what is served.

mod connection;
mod hang_up;
mod progress;
mod refusal;
mod watched;
mod write_limit;

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tower::Service;

pub use self::hang_up::end_with_caller;
pub use self::refusal::Refuse;
use crate::shutdown::Shutdown;

/// The largest head of a request. Also how much is read ahead of a body, and how much of an answer is made
/// ahead of a client that reads slowly.
pub const MAX_HEAD_BYTES: usize = 64 << 10;
/// How long to wait when no connection can be taken, as when there are too many files.
const PAUSE: Duration = Duration::from_secs(1);
/// So many clients at once are told that there is no room; further ones are not.
const TURNED_AWAY: usize = 256;

/// What a connection may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long a request's head may take to come.
    pub head: Duration,
    /// How long a connection is kept between two requests.
    pub idle: Duration,
    /// How long a client may read nothing of its answer.
    pub write: Duration,
    /// How long what comes behind a refusal is thrown away.
    pub linger: Duration,
    /// The most connections at once; further ones are answered 503.
    pub connections: usize,
    /// Whether a client that has ended its side gets its answer all the same; else its request is dropped.
    pub half_close: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            write: Duration::from_secs(30),
            linger: Duration::from_secs(2),
            connections: 8_192,
            half_close: true,
        }
    }
}

impl Limits {
    /// As many connections as a process may have that can open so many files; a quarter of those are for
    /// other things.
    #[must_use]
    pub fn within(mut self, files: Option<u64>) -> Self {
        let most = files.map(|files| usize::try_from(files - files / 4).unwrap_or(usize::MAX));
        if let Some(most) = most.filter(|most| *most < self.connections) {
            tracing::warn!(connections = most, "the limit of open files allows fewer connections");
            self.connections = most;
        }
        self
    }
}

/// Serves until `closing`, and then until what is in flight is answered. Connections without a request in
/// flight end at once then.
pub async fn serve<S, B>(listener: TcpListener, limits: Limits, refuse: Refuse, service: S, closing: Shutdown)
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible, Future: Send>,
    S: Clone + Send + Sync + 'static,
    B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + Unpin + 'static,
{
    let most = u32::try_from(limits.connections).unwrap_or(u32::MAX);
    let (places, turned_away) =
        (Arc::new(Semaphore::new(most as usize)), Arc::new(Semaphore::new(TURNED_AWAY)));
    while let Some(stream) = closing.run_until_cancelled(accept(&listener)).await {
        let refuse = Arc::clone(&refuse);
        if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
            // One token for all would be locked at every turn of every connection.
            let (service, closing) = (service.clone(), closing.child_token());
            tokio::spawn(async move {
                connection::serve(stream, &limits, refuse, service, closing).await;
                drop(place);
            });
        } else if let Ok(place) = Arc::clone(&turned_away).try_acquire_owned() {
            tokio::spawn(async move {
                let _ = timeout(limits.linger, refusal::turn_away(stream, refuse)).await;
                drop(place);
            });
        }
    }
    drop(listener);
    let _all_ended = places.acquire_many(most).await;
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
