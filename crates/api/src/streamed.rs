//! Answers that are made while the client reads them: one element after the other, in bounded memory.

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use store::StoreError;

use crate::places::Place;
use crate::request::RequestId;

/// How much is gathered before it is sent.
const CHUNK_BYTES: usize = 64 << 10;

/// The elements of an answer, and what is around them. It is a JSON array where nothing else is said.
pub(crate) trait Listing: Send + 'static {
    /// What there are several of.
    type Item: Send;

    /// The answer's type.
    fn content_type(&self) -> &'static str {
        "application/json"
    }

    /// What the answer begins with, an array's bracket included.
    fn head(&self) -> &'static [u8];

    /// What stands between two elements.
    fn separator(&self) -> &'static [u8] {
        b","
    }

    /// The next element.
    fn next(&mut self) -> impl Future<Output = Result<Option<Self::Item>, StoreError>> + Send;

    /// Writes an element.
    fn write(&self, item: &Self::Item, chunk: &mut Vec<u8>);

    /// Writes what the answer ends with, an array's bracket included.
    fn tail(&self, chunk: &mut Vec<u8>);
}

/// The answer. It keeps its place until the last of it is written. An error in its first piece is one; in a later one
/// the answer breaks off, so that the client sees that it is not whole.
pub(crate) async fn answer(
    listing: impl Listing,
    place: &Place,
    request_id: RequestId,
) -> Result<Response, StoreError> {
    let content_type = listing.content_type();
    let mut answer = Answer { listing, request_id, part: Part::Head, _place: place.keep() };
    let first = answer.chunk().await?;
    let rest = stream::try_unfold(answer, |mut answer| async {
        // The server writes what it has while it waits, and drops it when the next piece fails.
        tokio::task::yield_now().await;
        let chunk = answer.chunk().await.inspect_err(|error| {
            tracing::error!(%error, request_id = answer.request_id.as_str(), "an answer broke off");
        })?;
        Ok::<_, StoreError>(chunk.map(|chunk| (chunk, answer)))
    });
    let chunks = stream::iter(first.map(Ok)).chain(rest);
    Ok(([(header::CONTENT_TYPE, content_type)], Body::from_stream(chunks)).into_response())
}

/// An answer being written.
struct Answer<L> {
    listing: L,
    request_id: RequestId,
    part: Part,
    _place: Place,
}

enum Part {
    Head,
    Rest,
    Done,
}

impl<L: Listing> Answer<L> {
    /// The next piece; `None` behind the last.
    async fn chunk(&mut self) -> Result<Option<Bytes>, StoreError> {
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        match self.part {
            Part::Head => chunk.extend(self.listing.head()),
            Part::Rest => {}
            Part::Done => return Ok(None),
        }
        while chunk.len() < CHUNK_BYTES {
            let Some(item) = self.listing.next().await? else {
                self.listing.tail(&mut chunk);
                self.part = Part::Done;
                break;
            };
            if matches!(self.part, Part::Rest) {
                chunk.extend(self.listing.separator());
            }
            self.part = Part::Rest;
            self.listing.write(&item, &mut chunk);
        }
        Ok(Some(chunk.into()))
    }
}
