//! Answers that are made while the client reads them: events in a JSON array, in bounded memory.

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use model::Event;
use store::StoreError;

use crate::places::Place;
use crate::request::RequestId;

/// How much is gathered before it is sent.
const CHUNK_BYTES: usize = 64 << 10;

/// What is in an array, and around it.
pub(crate) trait Array: Send + 'static {
    /// What the answer begins with, the array's bracket included.
    const HEAD: &'static [u8];

    /// The next event.
    fn next(&mut self) -> impl Future<Output = Result<Option<Event<'static>>, StoreError>> + Send;

    /// Writes an event.
    fn write(&self, event: &Event<'_>, chunk: &mut Vec<u8>);

    /// Writes what the answer ends with, the array's bracket included.
    fn tail(&self, chunk: &mut Vec<u8>);
}

/// The answer. It keeps its place until the last of it is written. An error in its first piece is one; in a later one
/// the answer breaks off, so that the client sees that it is not whole.
pub(crate) async fn answer(
    array: impl Array,
    place: &Place,
    request_id: RequestId,
) -> Result<Response, StoreError> {
    let mut answer = Answer { array, request_id, part: Part::Head, _place: place.keep() };
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
    Ok(([(header::CONTENT_TYPE, "application/json")], Body::from_stream(chunks)).into_response())
}

/// An answer being written.
struct Answer<A> {
    array: A,
    request_id: RequestId,
    part: Part,
    _place: Place,
}

enum Part {
    Head,
    Rest,
    Done,
}

impl<A: Array> Answer<A> {
    /// The next piece; `None` behind the last.
    async fn chunk(&mut self) -> Result<Option<Bytes>, StoreError> {
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        match self.part {
            Part::Head => chunk.extend(A::HEAD),
            Part::Rest => {}
            Part::Done => return Ok(None),
        }
        while chunk.len() < CHUNK_BYTES {
            let Some(event) = self.array.next().await? else {
                self.array.tail(&mut chunk);
                self.part = Part::Done;
                break;
            };
            if matches!(self.part, Part::Rest) {
                chunk.push(b',');
            }
            self.part = Part::Rest;
            self.array.write(&event, &mut chunk);
        }
        Ok(Some(chunk.into()))
    }
}
