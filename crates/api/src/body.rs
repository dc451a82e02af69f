//! Bodies: read whatever their type says, unpacked, within limits of size, time and memory.

use std::io::Read;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use bytes::BytesMut;
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::error::ApiError;

const ARRIVES_WITHIN: Duration = Duration::from_secs(30);

/// How many times larger JSON usually gets when it is unpacked, at most.
const UNPACKED: usize = 10;

/// Reads bodies while the memory for them lasts. Permits are KiB.
pub(crate) struct Bodies(Arc<Semaphore>);

/// A body's bytes, and the memory set aside for them until this is dropped.
pub(crate) struct Taken {
    bytes: Bytes,
    _room: OwnedSemaphorePermit,
}

impl Deref for Taken {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Bodies {
    /// `max_bytes` is what all bodies together may hold.
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new((max_bytes >> 10).clamp(1, Semaphore::MAX_PERMITS))))
    }

    /// The body, at most `limit` bytes of it, after gzip is undone.
    pub(crate) async fn read(
        &self,
        headers: &HeaderMap,
        body: Body,
        limit: usize,
    ) -> Result<Taken, ApiError> {
        let announced =
            headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        // What it becomes, more or less, and what it may become at most where nothing is known.
        let growth = if headers.contains_key(header::CONTENT_ENCODING) { UNPACKED } else { 1 };
        let expected = announced.map_or(limit, |length: usize| length.saturating_mul(growth).min(limit));
        let kib = u32::try_from((expected >> 10) + 1).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.0).try_acquire_many_owned(kib);
        let room = room.map_err(|_| ApiError::Unavailable("too much is being read, please retry".into()))?;
        Ok(Taken { bytes: read(headers, body, announced, limit).await?, _room: room })
    }
}

async fn read(
    headers: &HeaderMap,
    body: Body,
    announced: Option<usize>,
    limit: usize,
) -> Result<Bytes, ApiError> {
    let too_large = || ApiError::TooLarge(format!("the body is larger than {limit} bytes"));
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let arrived =
        timeout(ARRIVES_WITHIN, whole(body, announced, limit)).await.map_err(|_| ApiError::SlowBody)?;
    let bytes = arrived.map_err(|error| ApiError::BrokenBody(error.to_string()))?.ok_or_else(too_large)?;
    match headers
        .get(header::CONTENT_ENCODING)
        .map(|encoding| encoding.as_bytes().to_ascii_lowercase())
        .as_deref()
    {
        None | Some(b"" | b"identity") => Ok(bytes),
        Some(b"gzip" | b"x-gzip") => unpack(bytes, limit).await?.ok_or_else(too_large),
        Some(_) => Err(ApiError::Invalid("Content-Encoding must be gzip or absent".into())),
    }
}

/// All of a body, which mostly comes as one piece; `None` when it is more than `limit` bytes.
async fn whole(mut body: Body, announced: Option<usize>, limit: usize) -> Result<Option<Bytes>, axum::Error> {
    let (mut one, mut more) = (Bytes::new(), BytesMut::new());
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame?.into_data() else { continue };
        if one.len() + more.len() + piece.len() > limit {
            return Ok(None);
        }
        if one.is_empty() && more.is_empty() {
            one = piece;
        } else {
            more.reserve(announced.unwrap_or_default().saturating_sub(more.len()));
            more.extend_from_slice(&std::mem::take(&mut one));
            more.extend_from_slice(&piece);
        }
    }
    Ok(Some(if more.is_empty() { one } else { more.freeze() }))
}

/// `None` when more than `limit` bytes come out.
async fn unpack(packed: Bytes, limit: usize) -> Result<Option<Bytes>, ApiError> {
    let unpacking = tokio::task::spawn_blocking(move || {
        let mut unpacked = Vec::new();
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        flate2::read::MultiGzDecoder::new(&packed[..]).take(most).read_to_end(&mut unpacked)?;
        Ok::<_, std::io::Error>((unpacked.len() <= limit).then(|| Bytes::from(unpacked)))
    });
    match unpacking.await {
        Ok(Ok(unpacked)) => Ok(unpacked),
        Ok(Err(error)) => Err(ApiError::BrokenBody(format!("not gzip: {error}"))),
        Err(_) => Err(ApiError::Internal),
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;

    use super::*;

    async fn read_pieces(pieces: &[&'static str], limit: usize) -> Option<Bytes> {
        let pieces: Vec<_> = pieces.iter().map(|piece| Ok::<_, Infallible>(Bytes::from(*piece))).collect();
        whole(Body::from_stream(stream::iter(pieces)), None, limit).await.unwrap()
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
            assert_eq!(read_pieces(&pieces, 3).await, None, "{pieces:?}");
        }
    }
}
