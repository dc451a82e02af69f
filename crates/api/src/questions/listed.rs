//! An event as lists show it.

use model::{Event, EventId, JsonText, Kind, Latency, Source, Text, Timestamp};
use serde::Serialize;
use store::queries::Extent;
use utoipa::ToSchema;

/// Characters of a long text, where it is not wanted whole.
pub(super) const MAX_CHARS: u32 = 200;

/// An event of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListedEvent {
    #[schema(value_type = String, format = "uuid")]
    id: EventId,
    /// As another system gave it; empty if none did.
    #[schema(value_type = String)]
    message_id: Text<'static>,
    /// The dialect in which it came in.
    #[schema(value_type = String, example = "native")]
    source: Source,
    #[schema(value_type = String, example = "event")]
    kind: Kind,
    #[schema(value_type = String)]
    event_name: Text<'static>,
    #[schema(value_type = String)]
    conversation_id: Text<'static>,
    #[schema(value_type = String)]
    conversation_metadata: Text<'static>,
    #[schema(value_type = String)]
    user_id: Text<'static>,
    #[schema(value_type = String)]
    anonymous_id: Text<'static>,
    #[schema(value_type = String)]
    error: Text<'static>,
    /// In milliseconds; 0 is not measured.
    #[schema(value_type = f64)]
    latency: Latency,
    #[schema(value_type = String)]
    input: Text<'static>,
    #[schema(value_type = String)]
    output: Text<'static>,
    #[schema(value_type = Vec<String>)]
    tags: Vec<Text<'static>>,
    /// With `full=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    properties: Option<JsonText<'static>>,
    /// With `full=true`: what else another dialect says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    context: Option<JsonText<'static>>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// The fields of which only the first 200 characters are here; absent if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    truncated: Vec<&'static str>,
}

impl ListedEvent {
    /// As much of the event as was read of it.
    pub(crate) fn new(event: Event<'static>, extent: Extent) -> Self {
        let (content, mut truncated) = (event.content, Vec::new());
        let mut cut = |name, text: Text<'static>| match extent {
            Extent::Whole => text,
            Extent::Cut(chars) => match text.char_indices().nth(chars as usize) {
                Some((end, _)) => {
                    truncated.push(name);
                    text.get(..end).unwrap_or_default().to_owned().into()
                }
                None => text,
            },
        };
        let whole = |json: JsonText<'static>| (extent == Extent::Whole).then_some(json);
        Self {
            id: event.id,
            message_id: content.message_id,
            source: event.source,
            kind: content.kind,
            event_name: content.event_name,
            conversation_id: content.conversation_id,
            conversation_metadata: cut("conversation_metadata", content.conversation_metadata),
            user_id: content.user_id,
            anonymous_id: content.anonymous_id,
            error: cut("error", content.error),
            latency: content.latency,
            input: cut("input", content.input),
            output: cut("output", content.output),
            tags: content.tags,
            properties: whole(content.properties),
            context: whole(content.context),
            created_at: event.id.created_at(),
            updated_at: event.updated_at,
            truncated,
        }
    }
}
