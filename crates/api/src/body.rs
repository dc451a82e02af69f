//! Bodies: read whatever their type says, unpacked, within limits of size, time and memory.
//!
//! Memory is taken from the budget as bytes come, not as they are announced: who sends nothing costs nothing.

use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use bytes::BytesMut;
use http_body_util::BodyExt;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout, timeout_at};

use crate::budget::{Budget, Room};
use crate::error::ApiError;
use crate::gzip::unpack;

const ARRIVES_WITHIN: Duration = Duration::from_secs(30);
/// A body that takes longer must keep up the slowest rate on average.
const GRACE: Duration = Duration::from_secs(5);
/// Bytes per second.
const SLOWEST_RATE: usize = 1 << 10;
/// Bodies that are unpacked at once, for each core.
const UNPACKING_PER_CORE: usize = 2;
/// How long a body may wait for that: as long as one may take to come.
const UNPACKING_WAITS: Duration = ARRIVES_WITHIN;
/// The largest body that is read on a thread that serves others too, in bytes: a millisecond or two.
const LARGEST_IN_PLACE: usize = 1 << 20;

/// Reads bodies while the memory for them lasts.
pub(crate) struct Bodies {
    budget: Budget,
    /// A permit for each body that is being unpacked.
    unpacking: Arc<Semaphore>,
}

/// A body as it came, and the room it holds.
pub(crate) struct Taken<'a> {
    bodies: &'a Bodies,
    bytes: Bytes,
    packed: bool,
    limit: usize,
    room: Room,
}

impl Bodies {
    /// `max_bytes` is what all bodies together may hold.
    pub(crate) fn new(max_bytes: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            budget: Budget::new(max_bytes),
            unpacking: Arc::new(Semaphore::new(cores * UNPACKING_PER_CORE)),
        }
    }

    /// Takes room for so many bytes that are made of a body. The error is a 503.
    pub(crate) fn add(&self, room: &mut Room, bytes: usize) -> Result<(), ApiError> {
        room.add(&self.budget, bytes)
    }

    /// The body, at most `limit` bytes of it, packed and unpacked.
    pub(crate) async fn read(
        &self,
        headers: &HeaderMap,
        body: Body,
        limit: usize,
    ) -> Result<Taken<'_>, ApiError> {
        let announced =
            headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if announced.is_some_and(|length: usize| length > limit) {
            return Err(ApiError::larger_than(limit));
        }
        let (packed, mut room) = (is_packed(headers)?, Room::default());
        let bytes = self.whole(body, limit, &mut room).await?;
        Ok(Taken { bodies: self, bytes, packed, limit, room })
    }

    /// All of a body, which mostly comes as one piece.
    async fn whole(&self, mut body: Body, limit: usize, room: &mut Room) -> Result<Bytes, ApiError> {
        let (mut one, mut more) = (Bytes::new(), BytesMut::new());
        let begun = Instant::now();
        loop {
            let in_time = begun + arrives_within(one.len() + more.len());
            let next = timeout_at(in_time, body.frame()).await.map_err(|_| ApiError::SlowBody)?;
            let Some(frame) = next else { break };
            let frame = frame.map_err(|error| ApiError::BrokenBody(error.to_string()))?;
            let Ok(piece) = frame.into_data() else { continue };
            if one.len() + more.len() + piece.len() > limit {
                return Err(ApiError::larger_than(limit));
            }
            if one.is_empty() && more.is_empty() {
                room.cover(&self.budget, piece.len())?;
                one = piece;
            } else {
                room.cover(&self.budget, one.len() + more.len() + piece.len())?;
                more.reserve(one.len() + piece.len());
                room.cover(&self.budget, more.capacity())?;
                more.extend_from_slice(&std::mem::take(&mut one));
                more.extend_from_slice(&piece);
            }
        }
        Ok(if more.is_empty() { one } else { more.freeze() })
    }
}

impl Taken<'_> {
    /// What `parse` makes of the unpacked body, and the room it holds: to be kept until the records have
    /// been handed over. What is much larger than the body takes more of it.
    pub(crate) async fn parsed<T: Send + 'static>(
        self,
        parse: impl FnOnce(&[u8], &mut Room) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<(T, Room), ApiError> {
        if self.packed || self.bytes.len() > LARGEST_IN_PLACE {
            return self.parsed_apart(parse).await;
        }
        let Self { bytes, mut room, .. } = self;
        Ok((parse(&bytes, &mut room)?, room))
    }

    /// The same, always off the threads that serve others: for bodies that may be large.
    pub(crate) async fn parsed_apart<T: Send + 'static>(
        self,
        parse: impl FnOnce(&[u8], &mut Room) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<(T, Room), ApiError> {
        let Self { bodies, bytes, packed, limit, mut room } = self;
        if !packed {
            return apart(move || Ok((parse(&bytes, &mut room)?, room))).await;
        }
        let place = timeout(UNPACKING_WAITS, Arc::clone(&bodies.unpacking).acquire_owned()).await;
        let busy = |_| ApiError::Unavailable("too much is being unpacked, please retry".into());
        let place = place.map_err(busy)?.map_err(|_| ApiError::Internal)?;
        let budget = bodies.budget.clone();
        apart(move || {
            let _place = place;
            let unpacked = unpack(&bytes, limit, |size| room.cover(&budget, bytes.len() + size))?;
            Ok((parse(&unpacked, &mut room)?, room))
        })
        .await
    }
}

async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| ApiError::Internal)?
}

/// When more than so many bytes must be there, counted from the beginning.
fn arrives_within(bytes: usize) -> Duration {
    let seconds = u64::try_from(bytes / SLOWEST_RATE).unwrap_or(u64::MAX);
    Duration::from_secs(seconds).clamp(GRACE, ARRIVES_WITHIN)
}

fn is_packed(headers: &HeaderMap) -> Result<bool, ApiError> {
    let encoding = headers.get(header::CONTENT_ENCODING);
    match encoding.map(|encoding| encoding.as_bytes().to_ascii_lowercase()).as_deref() {
        None | Some(b"" | b"identity") => Ok(false),
        Some(b"gzip" | b"x-gzip") => Ok(true),
        Some(_) => Err(ApiError::Invalid("Content-Encoding must be gzip or absent".into())),
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;

    use super::*;

    async fn read_pieces(pieces: &[&'static str], limit: usize) -> Result<Bytes, ApiError> {
        let pieces: Vec<_> = pieces.iter().map(|piece| Ok::<_, Infallible>(Bytes::from(*piece))).collect();
        let body = Body::from_stream(stream::iter(pieces));
        Ok(Bodies::new(1 << 20).read(&HeaderMap::new(), body, limit).await?.bytes)
    }

    #[tokio::test]
    async fn a_body_is_all_of_its_pieces_up_to_the_limit() {
        for (pieces, whole) in [
            (vec![], ""),
            (vec!["abc"], "abc"),
            (vec!["", "ab", "c"], "abc"),
            (vec!["a", "b", "", "c"], "abc"),
        ] {
            assert_eq!(read_pieces(&pieces, 3).await.unwrap(), whole, "{pieces:?}");
        }
        for pieces in [vec!["abcd"], vec!["abc", "d"], vec!["", "ab", "cd"]] {
            let error = read_pieces(&pieces, 3).await.unwrap_err();
            assert!(matches!(error, ApiError::TooLarge(_)), "{pieces:?}: {error}");
        }
    }

    #[tokio::test]
    async fn the_memory_of_a_body_is_held_until_its_room_is_dropped() {
        let bodies = Bodies::new(1 << 20);
        let read = async || {
            let body = Body::from(vec![b' '; 700 << 10]);
            let taken = bodies.read(&HeaderMap::new(), body, 1 << 20).await?;
            taken.parsed(|bytes, _| Ok(bytes.len())).await
        };
        let (bytes, room) = read().await.unwrap();
        assert_eq!(bytes, 700 << 10);
        assert!(matches!(read().await.map(|_| ()), Err(ApiError::Unavailable(_))));
        drop(room);
        assert!(read().await.is_ok());
    }

    #[tokio::test]
    async fn a_large_body_is_read_on_a_thread_that_serves_nobody() {
        let bodies = Bodies::new(4 << 20);
        for (size, is_apart) in [(LARGEST_IN_PLACE, false), (LARGEST_IN_PLACE + 1, true)] {
            let taken = bodies.read(&HeaderMap::new(), Body::from(vec![b' '; size]), 2 << 20).await.unwrap();
            let (thread, _) = taken.parsed(|_, _| Ok(std::thread::current().id())).await.unwrap();
            assert_eq!(thread != std::thread::current().id(), is_apart, "{size}");
        }
    }

    #[test]
    fn a_body_must_keep_up_a_rate() {
        for (bytes, seconds) in [(0, 5), (1, 5), (5 << 10, 5), (6 << 10, 6), (10 << 20, 30)] {
            assert_eq!(arrives_within(bytes), Duration::from_secs(seconds), "{bytes}");
        }
    }
}
