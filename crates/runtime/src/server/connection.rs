//! One connection, from its first byte to its end.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};
use tower::{Service, ServiceExt};

use super::hang_up::{PROGRESS, Shared, hung_up};
use super::progress::{Phase, Progress};
use super::refusal::Refuse;
use super::watched::Watched;
use super::write_limit::WriteLimit;
use super::{Limits, MAX_HEAD_BYTES};
use crate::shutdown::Shutdown;

/// How long a head that has begun may take to come once the end was asked for.
const LAST_HEAD: Duration = Duration::from_secs(1);

/// Answers requests until the client or `closing` ends it, or a time limit is over.
pub(super) async fn serve<S, B>(
    stream: TcpStream,
    limits: &Limits,
    refuse: Refuse,
    service: S,
    closing: Shutdown,
) where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone,
    B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Unpin + 'static,
{
    let progress = Progress::new();
    let tracked = service_fn(|request| {
        progress.set(Phase::Busy);
        let (service, progress) = (service.clone(), progress.clone());
        // The service's future is large: it is made where it stays, in place of being moved through the layers.
        async move {
            let answer = service.oneshot(request).await?;
            Ok::<_, Infallible>(answer.map(|body| Tracked { body, progress }))
        }
    });
    let stream = Watched::new(WriteLimit::new(stream, limits.write), progress.clone(), refuse);
    let stream = Shared::new(stream);
    let looked_at = stream.other();
    let mut http = http1::Builder::new();
    http.half_close(limits.half_close).writev(false);
    http.max_header_size(MAX_HEAD_BYTES).max_buf_size(MAX_HEAD_BYTES);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), tracked));
    tokio::select! {
        biased;
        ended = PROGRESS.scope(progress.clone(), &mut connection) => return log(ended),
        () = hung_up(&progress, &looked_at) => return,
        () = overdue(&progress, limits) => return,
        () = closing.cancelled() => {}
    }
    // One that is idle ends here, one that is busy behind the answer.
    connection.as_mut().graceful_shutdown();
    let last = Limits { head: LAST_HEAD, idle: Duration::ZERO, ..*limits };
    progress.hurry();
    tokio::select! {
        biased;
        ended = PROGRESS.scope(progress.clone(), &mut connection) => log(ended),
        () = hung_up(&progress, &looked_at) => {}
        () = overdue(&progress, &last) => {}
    }
}

fn log(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

/// Returns once the connection has been in a phase for too long. It looks only now and then, so that requests
/// cost no timers: a head may take up to twice its time.
async fn overdue(progress: &Progress, limits: &Limits) {
    loop {
        let now = Instant::now();
        let look_again = now + limits.head;
        match progress.deadline(limits) {
            Some(deadline) if deadline <= now => return,
            Some(deadline) => sleep_until(deadline.min(look_again)).await,
            None => sleep_until(look_again).await,
        }
    }
}

/// An answer's body, which notes when hyper has taken all of it.
struct Tracked<B> {
    body: B,
    progress: Progress,
}

impl<B> Drop for Tracked<B> {
    fn drop(&mut self) {
        self.progress.set(Phase::Written);
    }
}

impl<B: Body + Unpin> Body for Tracked<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
