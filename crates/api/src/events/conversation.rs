//! The events of one conversation, streamed.

use axum::response::Response;
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
use crate::request::RequestId;
use crate::shapes::Conversation;
use crate::streamed::{self, Listing};

/// Clients that know no cursor get this many.
const DEFAULT_LIMIT: u64 = 10_000;
const NARROW: &str = "ask for a smaller limit";

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
    params(("conversation_id" = String, Path, description = "Which conversation, by the id that its events bear"), Wanted),
    responses((status = 200, description = "The events", body = Conversation))
)]
pub(crate) async fn by_conversation(call: Call) -> Result<Response, ApiError> {
    let conversation_id = call.segment("conversation_id")?;
    let Wanted { limit, cursor, include_embeddings: with_embeddings } = call.parameters()?;
    let after = cursor.as_deref().map(EventId::parse).transpose();
    let after = after.map_err(|_| ApiError::Invalid(parameters::BAD_CURSOR.into()))?;
    // One more than asked for tells whether there is more.
    let page = Page { after, limit: limit + 1, with_embeddings };
    let Call { app, caller: Caller { tenant, request_id, .. }, place, .. } = call;
    let turns = app.store.conversation(&tenant, &conversation_id, page);
    let request = request_id.clone();
    let array = Turned { turns, left: limit, with_embeddings, last: None, has_more: false, request_id };
    streamed::answer(array, &place, request).await.map_err(|error| ApiError::question(error, NARROW))
}

/// The envelope of the events.
struct Turned {
    turns: Turns,
    left: u64,
    with_embeddings: bool,
    last: Option<EventId>,
    has_more: bool,
    request_id: RequestId,
}

impl Listing for Turned {
    type Item = Event<'static>;

    fn head(&self) -> &'static [u8] {
        br#"{"success":true,"data":["#
    }

    async fn next(&mut self) -> Result<Option<Event<'static>>, StoreError> {
        let next = self.turns.next().await?;
        if self.left == 0 {
            self.has_more = next.is_some();
            return Ok(None);
        }
        self.left -= 1;
        self.last = next.as_ref().map_or(self.last, |event| Some(event.id));
        Ok(next)
    }

    fn write(&self, event: &Event<'static>, chunk: &mut Vec<u8>) {
        serde_json::to_writer(chunk, &Returned::new(event, self.with_embeddings)).unwrap_or_default();
    }

    fn tail(&self, chunk: &mut Vec<u8>) {
        chunk.push(b']');
        if let Some(last) = self.last.filter(|_| self.has_more) {
            chunk.extend(format!(r#","next_cursor":"{last}""#).bytes());
        }
        let id = serde_json::to_string(self.request_id.as_str()).unwrap_or_default();
        chunk.extend(format!(r#","request_id":{id}}}"#).bytes());
    }
}
