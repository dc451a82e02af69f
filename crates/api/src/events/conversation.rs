//! The events of one conversation, streamed.

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use model::wire::native::Returned;
use model::{Event, EventId};
use serde::Deserialize;
use store::StoreError;
use store::queries::{Page, Turns};
use utoipa::IntoParams;

use crate::auth::Caller;
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters;
use crate::places::Place;
use crate::request::RequestId;
use crate::shapes::Conversation;

/// Clients that know no cursor get this many.
const DEFAULT_LIMIT: u64 = 10_000;
const NARROW: &str = "ask for a smaller limit";
/// How much is gathered before it is sent.
const CHUNK_BYTES: usize = 64 << 10;

/// The parameters of a conversation.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Wanted {
    /// The most events of an answer.
    #[serde(deserialize_with = "parameters::limit")]
    #[param(minimum = 1, maximum = 10000, default = 10000)]
    limit: u64,
    /// The `next_cursor` of an earlier answer.
    #[serde(deserialize_with = "parameters::text")]
    cursor: Option<String>,
    /// Whether vectors are wanted.
    #[serde(deserialize_with = "parameters::include_embeddings")]
    #[param(default = true)]
    include_embeddings: bool,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { limit: DEFAULT_LIMIT, cursor: None, include_embeddings: true }
    }
}

/// The events of a conversation in their order.
#[utoipa::path(
    get,
    path = "/events/conversation/{conversation_id}",
    tag = "events",
    params(("conversation_id" = String, Path, description = "The conversation"), Wanted),
    responses((status = 200, description = "The events", body = Conversation))
)]
pub(crate) async fn by_conversation(call: Call) -> Result<Response, ApiError> {
    let conversation_id = call.segment("conversation_id")?;
    let Wanted { limit, cursor, include_embeddings: with_embeddings } = call.parameters()?;
    let after = cursor.as_deref().map(EventId::parse).transpose();
    let after =
        after.map_err(|_| ApiError::Invalid("cursor must be the next_cursor of an earlier answer".into()))?;
    // One more than asked for tells whether there is more.
    let page = Page { after, limit: limit + 1, with_embeddings };
    let question = |error| ApiError::question(error, NARROW);
    let Call { app, caller: Caller { tenant, request_id, .. }, place, .. } = call;
    let mut turns = app.store.conversation(&tenant, &conversation_id, page)?;
    let next = turns.next().await.map_err(question)?;
    // In flight until the last of it is written.
    let place = place.keep();
    let mut answer = Answer {
        turns,
        next,
        left: limit,
        with_embeddings,
        last: None,
        request_id,
        part: Part::Head,
        _place: place,
    };
    // The first piece before the status: afterwards an error can only break off.
    let first = answer.chunk().await.map_err(question)?;
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

/// An envelope being written.
struct Answer {
    turns: Turns,
    next: Option<Event<'static>>,
    left: u64,
    with_embeddings: bool,
    last: Option<EventId>,
    request_id: RequestId,
    part: Part,
    _place: Place,
}

enum Part {
    Head,
    Rest,
    Done,
}

impl Answer {
    /// The next piece; `None` behind the last.
    async fn chunk(&mut self) -> Result<Option<Bytes>, StoreError> {
        let mut chunk = Vec::with_capacity(CHUNK_BYTES);
        match self.part {
            Part::Head => chunk.extend(br#"{"success":true,"data":["#),
            Part::Rest => {}
            Part::Done => return Ok(None),
        }
        self.part = Part::Rest;
        while chunk.len() < CHUNK_BYTES {
            let Some(event) = self.next.take_if(|_| self.left > 0) else {
                self.tail(&mut chunk);
                break;
            };
            if self.last.replace(event.id).is_some() {
                chunk.push(b',');
            }
            serde_json::to_writer(&mut chunk, &Returned::new(&event, self.with_embeddings))
                .unwrap_or_default();
            self.left -= 1;
            self.next = self.turns.next().await?;
        }
        Ok(Some(chunk.into()))
    }

    fn tail(&mut self, chunk: &mut Vec<u8>) {
        chunk.push(b']');
        if let (Some(_), Some(last)) = (&self.next, self.last) {
            chunk.extend(format!(r#","next_cursor":"{last}""#).bytes());
        }
        let id = serde_json::to_string(self.request_id.as_str()).unwrap_or_default();
        chunk.extend(format!(r#","request_id":{id}}}"#).bytes());
        self.part = Part::Done;
    }
}
