//! One who watches: a place in the buffer, and the pieces of an answer that are made from there on.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Bytes;
use futures_util::{Stream, stream};
use runtime::shutdown::Shutdown;
use store::Filters;
use tokio::time::{Instant, timeout_at};

use super::feed::{Cursor, Taken, Watching};
use super::frame;
use super::numbers::{Numbers, Present};
use super::ring::Place;
use crate::places;

/// How long nothing is sent before a comment is.
const COMMENT_AFTER: Duration = Duration::from_secs(15);

/// About how much is sent at once, in bytes.
const CHUNK_BYTES: usize = 32 << 10;

/// How many messages of all tenants are looked at at once: the reader waits meanwhile.
const LOOK_AT: usize = 1_024;

/// Holds nothing of what it has yet to send: that stays in the buffer, or is missed.
pub(super) struct Watcher {
    watching: Watching,
    filters: Filters,
    cursor: Cursor,
    /// What was missed before the beginning, of a number that nobody knows.
    is_behind: bool,
    comment_at: Instant,
    numbers: Numbers,
    closing: Shutdown,
    _present: Present,
}

impl Watcher {
    pub(super) fn new(
        watching: Watching,
        filters: Filters,
        after: Option<Place>,
        numbers: Numbers,
        closing: Shutdown,
    ) -> Self {
        let (cursor, is_found) = match after {
            Some(place) => watching.behind(place),
            None => (watching.newest(), true),
        };
        // The head goes to the client together with the first piece.
        let comment_at = Instant::now();
        Self {
            watching,
            filters,
            cursor,
            is_behind: !is_found,
            comment_at,
            _present: numbers.watching(),
            numbers,
            closing,
        }
    }

    /// The answer, which keeps its place. It has no end but that of the API, or of reading.
    pub(super) fn pieces(
        self,
        place: places::Place,
    ) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static {
        stream::unfold((self, place), |(mut watcher, place)| async {
            let closing = watcher.closing.clone();
            let piece = closing.run_until_cancelled(watcher.next()).await.flatten()?;
            Some((Ok(piece), (watcher, place)))
        })
    }

    /// The next piece, as soon as there is one; `None` once nothing more is read.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            // The server writes what it has while it waits.
            tokio::task::yield_now().await;
            if self.watching.has_ended() {
                return None;
            }
            let taken = self.watching.take(&mut self.cursor, CHUNK_BYTES, LOOK_AT);
            let piece = self.written(&taken);
            if !piece.is_empty() {
                self.comment_at = Instant::now() + COMMENT_AFTER;
                return Some(piece.into());
            }
            if Instant::now() >= self.comment_at
                || taken.at_end && timeout_at(self.comment_at, self.watching.changed()).await.is_err()
            {
                self.comment_at = Instant::now() + COMMENT_AFTER;
                return Some(Bytes::from_static(frame::COMMENT));
            }
        }
    }

    /// What was missed, and the messages behind it that the filters let through.
    fn written(&mut self, taken: &Taken) -> Vec<u8> {
        let mut piece = Vec::new();
        if std::mem::take(&mut self.is_behind) || taken.gap {
            piece.extend(frame::missed(None).as_bytes());
        }
        if taken.missed > 0 {
            piece.extend(frame::missed(Some(taken.missed)).as_bytes());
        }
        let mut sent = 0;
        for message in taken.messages.iter().filter(|message| self.filters.pass(&message.operation)) {
            piece.extend(&*message.frame);
            sent += 1;
        }
        self.numbers.count(sent, taken.missed);
        piece
    }
}
