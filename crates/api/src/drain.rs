//! What a handler leaves of a body is read and thrown away before the answer goes out: many clients
//! write all they have before they read, and would see a broken connection in place of the reason.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header;
use futures_util::StreamExt;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::timeout;

/// What comes behind that, or after that, need not be seen off.
const DRAIN_BYTES: usize = 64 << 20;
const DRAIN_WITHIN: Duration = Duration::from_secs(5);

/// What a handler leaves of a body.
pub(crate) struct Unread {
    body: Lent,
    asks_first: bool,
}

impl Unread {
    /// Lends the body to whoever answers; `None` if there is none.
    pub(crate) fn of(request: Request) -> (Request, Option<Self>) {
        if request.body().is_end_stream() {
            return (request, None);
        }
        let asks_first = request.headers().contains_key(header::EXPECT);
        let (parts, body) = request.into_parts();
        let body = Lent(Arc::new(Mutex::new(Progress { body, begun: false, ended: false })));
        (Request::from_parts(parts, Body::new(body.clone())), Some(Self { body, asks_first }))
    }

    /// Reads the rest.
    pub(crate) async fn drain(self) {
        let (begun, ended) = self.body.progress();
        // A client that asks first sends nothing unless it is read.
        if !ended && (begun || !self.asks_first) {
            let _ = timeout(DRAIN_WITHIN, throw_away(Body::new(self.body))).await;
        }
    }
}

async fn throw_away(body: Body) {
    let (mut frames, mut read) = (body.into_data_stream(), 0);
    while let Some(Ok(bytes)) = frames.next().await {
        read += bytes.len();
        if read > DRAIN_BYTES {
            break;
        }
    }
}

/// A body that can be read on by someone else.
#[derive(Clone)]
struct Lent(Arc<Mutex<Progress>>);

struct Progress {
    body: Body,
    begun: bool,
    ended: bool,
}

impl Lent {
    fn locked(&self) -> MutexGuard<'_, Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn progress(&self) -> (bool, bool) {
        let progress = self.locked();
        (progress.begun, progress.ended || progress.body.is_end_stream())
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut progress = self.locked();
        progress.begun = true;
        let frame = Pin::new(&mut progress.body).poll_frame(context);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) {
            progress.ended = true;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.locked().body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.locked().body.size_hint()
    }
}
