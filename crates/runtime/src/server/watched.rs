//! A connection's stream, which notes how far the request is, and puts a sentence into what hyper answers by
//! itself: to a head that it can't read it writes a bare status line, before any request is handed over.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::http::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::hang_up::Peek;
use super::progress::{Phase, Progress};
use super::refusal::{Refuse, written};

/// Without vectored writes: a refusal is seen whole.
pub(super) struct Watched<S> {
    stream: S,
    progress: Progress,
    refuse: Refuse,
    /// What is left to write of a refusal.
    refusal: Vec<u8>,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, progress: Progress, refuse: Refuse) -> Self {
        Self { stream, progress, refuse, refusal: Vec::new() }
    }

    /// Whether hyper writes on its own behalf: then the bytes are dropped, and a refusal takes their place.
    fn takes_over(&mut self, bytes: &[u8]) -> bool {
        match self.progress.phase() {
            Phase::Busy | Phase::Asked | Phase::Written => return false,
            Phase::Refused => return true,
            Phase::Idle | Phase::Head => {}
        }
        let status = bytes.strip_prefix(b"HTTP/1.1 ").or_else(|| bytes.strip_prefix(b"HTTP/1.0 "));
        let status = status.and_then(|line| StatusCode::from_bytes(line.get(..3)?).ok());
        let Some(status) = status.filter(StatusCode::is_client_error) else { return false };
        self.refusal = written((self.refuse)(status));
        self.progress.begin(Phase::Refused);
        true
    }
}

impl<S: AsyncWrite + Unpin> Watched<S> {
    fn poll_refusal(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.refusal.is_empty() {
            let wrote = ready!(Pin::new(&mut self.stream).poll_write(context, &self.refusal))?;
            self.refusal.drain(..wrote);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before && self.progress.phase() == Phase::Idle {
            self.progress.begin(Phase::Head);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.takes_over(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_refusal(context))?;
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        if self.progress.phase() == Phase::Written {
            self.progress.begin(Phase::Idle);
        }
        Poll::Ready(Ok(()))
    }

    /// Behind a refusal, what the client is still writing is read and thrown away: closed at once, the
    /// connection would be reset, and the refusal lost.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_refusal(context))?;
        ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
        if self.progress.phase() == Phase::Refused {
            ready!(poll_throw_away(&mut self.stream, context));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: Peek> Peek for Watched<S> {
    fn poll_peek(&mut self, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<usize>> {
        self.stream.poll_peek(context, buffer)
    }
}

/// Until the peer has ended its side. The watchdog limits it.
fn poll_throw_away(stream: &mut (impl AsyncRead + Unpin), context: &mut Context<'_>) -> Poll<()> {
    let mut bytes = [0; 4 << 10];
    loop {
        let mut buffer = ReadBuf::new(&mut bytes);
        let read = ready!(Pin::new(&mut *stream).poll_read(context, &mut buffer));
        if read.is_err() || buffer.filled().is_empty() {
            return Poll::Ready(());
        }
    }
}
