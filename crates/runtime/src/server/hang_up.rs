//! Clients that go away while a question of theirs is being answered. One that only ends its side is still there, and
//! gets what it asked for; but the two can't be told apart until something is written, and by then the work is done.
//! So a request says of itself whether it ends with its caller.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::task_local;

use super::progress::{Phase, Progress};

task_local! {
    /// Of the connection that this task serves.
    pub(super) static PROGRESS: Progress;
}

/// From here on the request that this task answers is dropped when its client ends its side, until the answer is
/// written. Does nothing where no connection is served.
pub fn end_with_caller() {
    // There is nothing to do where there is none.
    let _ = PROGRESS.try_with(|progress| progress.set(Phase::Asked));
}

/// A stream that others than its reader look at, all in one task.
pub(super) struct Shared<S>(Arc<Mutex<S>>);

impl<S> Shared<S> {
    pub(super) fn new(stream: S) -> Self {
        Self(Arc::new(Mutex::new(stream)))
    }

    /// The same stream.
    pub(super) fn other(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    fn lock(&self) -> MutexGuard<'_, S> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stream whose next bytes can be looked at.
pub(super) trait Peek {
    /// See [`TcpStream::poll_peek`].
    fn poll_peek(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<usize>>;
}

impl Peek for TcpStream {
    fn poll_peek(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<usize>> {
        Self::poll_peek(self, context, buffer)
    }
}

/// Returns once the client has ended its side while a request is answered that ends with it. One that has sent a next
/// request is waited for.
pub(super) async fn hung_up(progress: &Progress, stream: &Shared<impl Peek>) {
    poll_fn(|context| {
        if progress.phase() != Phase::Asked {
            // This task sets the phase, and comes by here then.
            return Poll::Pending;
        }
        let mut byte = [0];
        match stream.lock().poll_peek(context, &mut ReadBuf::new(&mut byte)) {
            Poll::Ready(Ok(0) | Err(_)) => Poll::Ready(()),
            Poll::Ready(Ok(_)) | Poll::Pending => Poll::Pending,
        }
    })
    .await;
}

impl<S: AsyncRead + Unpin> AsyncRead for Shared<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.lock()).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Shared<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.lock()).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.lock()).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.lock()).poll_shutdown(context)
    }
}
