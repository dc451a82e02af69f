//! One message as it was sent, made an operation.

use serde_json::value::RawValue;

use super::field::Field;
use super::message::Message;
use crate::wire::error::with_member;
use crate::wire::values::{invalid, string, unreadable};
use crate::wire::{Intake, WireError, limits};
use crate::{Content, Event, EventId, JsonText, Operation, Source, Timestamp};

/// What is kept of a string whose text is the properties.
const AS_TEXT: &str = "true";

/// Reads the text of a message.
pub(super) fn operation<'a>(text: &'a [u8], intake: &Intake<'_>) -> Result<Operation<'a>, WireError> {
    let read = str::from_utf8(text)
        .map_err(|error| WireError::InvalidJson(format!("not UTF-8: {error}")))
        .and_then(|text| create(text, intake));
    read.map_err(|error| with_member(error, text))
}

fn create<'a>(text: &'a str, intake: &Intake<'_>) -> Result<Operation<'a>, WireError> {
    let mut message = Message::parse_bounded(text).map_err(|error| {
        if error.is_data() {
            WireError::InvalidType("a message must be an object".into())
        } else {
            WireError::InvalidJson(error.to_string())
        }
    })?;
    let created = created(&mut message, intake)?;
    let content = content(message)?;
    let id = match (&*content.message_id, created) {
        ("", at) | (_, at @ None) => EventId::new(at.unwrap_or(intake.now)),
        (event_id, Some(at)) => EventId::derive(&intake.tenant, Source::EventService, event_id, at),
    };
    Ok(Operation::Create(Box::new(Event {
        tenant: intake.tenant.clone(),
        id,
        received_at: intake.now,
        updated_at: intake.now,
        source: Source::EventService,
        content,
    })))
}

/// When the event happened, if the message says so.
fn created(message: &mut Message<'_>, intake: &Intake<'_>) -> Result<Option<Timestamp>, WireError> {
    let field = Field::CreatedDateUtc;
    let Some(moment) = message.time(field)? else { return Ok(None) };
    let at = Timestamp::of(moment).filter(|at| intake.window.contains(*at));
    at.map(Some).ok_or_else(|| invalid(field.pascal(), &intake.window.to_string()))
}

/// Takes out of a message what has a column. The rest goes into the context.
fn content(mut message: Message<'_>) -> Result<Content<'_>, WireError> {
    message.check_unknown()?;
    let topic = message.take_id(Field::Topic)?;
    if topic.is_empty() {
        return Err(WireError::MissingField(Field::Topic.pascal()));
    }
    for field in [Field::Start, Field::End, Field::ExpirationDateUtc] {
        message.time(field)?;
    }
    for field in [
        Field::OrganizationId,
        Field::GroupId,
        Field::OwnerId,
        Field::UserId,
        Field::OperatorId,
        Field::AssociationId,
        Field::ModuleId,
        Field::OrchestratorId,
    ] {
        message.id(field)?;
    }
    let mut user_id = message.take_id(Field::ActorId)?;
    if user_id.is_empty() {
        user_id = message.take_id(Field::UserId)?;
    }
    Ok(Content {
        event_name: topic,
        message_id: message.take_id(Field::EventId)?,
        conversation_id: message.take_id(Field::ActivityId)?,
        user_id,
        subjects: message.take_list(Field::Subjects, limits::IDS)?,
        tags: message.take_list(Field::Tags, limits::TAGS)?,
        trace_ids: message.take_list(Field::SourceTraceIds, limits::IDS)?,
        properties: properties(&mut message)?,
        context: context(&message)?,
        ..Content::default()
    })
}

/// The object in `Data`. A string that is one leaves a mark, any other string itself.
fn properties<'a>(message: &mut Message<'a>) -> Result<JsonText<'a>, WireError> {
    let field = Field::Data;
    let Some(value) = message.get(field) else { return Ok(JsonText::default()) };
    match value.get().as_bytes().first() {
        Some(b'{') => {
            message.set(field, None);
            JsonText::checked(value).map_err(|error| unreadable(field.pascal(), &error))
        }
        Some(b'"') => {
            let text = string(field.pascal(), Some(value))?;
            let Ok(object) = JsonText::parse(&text) else { return Ok(JsonText::default()) };
            // Without white space around it.
            if object.as_str() == &*text {
                message.set(field, Some(as_text()?));
            }
            Ok(object.into_owned())
        }
        _ => Err(invalid(field.pascal(), "an object or a string")),
    }
}

fn as_text() -> Result<&'static RawValue, WireError> {
    serde_json::from_str(AS_TEXT).map_err(|error| unreadable(Field::Data.pascal(), &error))
}

fn context(message: &Message<'_>) -> Result<JsonText<'static>, WireError> {
    if message.is_empty() {
        return Ok(JsonText::default());
    }
    JsonText::written(message).map_err(|error| unreadable("a message", &error))
}
