//! One event as it was sent, made an operation.

use serde_json::value::RawValue;

use super::envelope::Common;
use super::{Form, Limits, context, keyless, semantic, times};
use crate::wire::error::with_member;
use crate::wire::object::Object;
use crate::wire::values::{filled_string, id, invalid, object, string};
use crate::wire::{Intake, WireError};
use crate::{Content, Event, EventId, Kind, Operation, Source, Text};

/// Reads the text of an event.
pub(super) fn operation<'a>(
    text: &'a [u8],
    form: Form,
    limits: Limits,
    common: &Common<'a>,
    intake: &Intake<'_>,
) -> Result<Operation<'a>, WireError> {
    let (bytes, most) = (text.len(), limits.max_event_bytes);
    if bytes > most {
        return Err(WireError::EventTooLarge { bytes, most });
    }
    let read = str::from_utf8(text)
        .map_err(|error| WireError::InvalidJson(error.to_string()))
        .and_then(|text| create(text, form, common, intake));
    read.map_err(|error| with_member(error, text))
}

fn create<'a>(
    text: &'a str,
    form: Form,
    common: &Common<'a>,
    intake: &Intake<'_>,
) -> Result<Operation<'a>, WireError> {
    let mut event = keyless(text).map_err(|error| {
        if error.is_data() {
            invalid("an event", "an object")
        } else {
            WireError::InvalidJson(error.to_string())
        }
    })?;
    if form == Form::Semantic {
        semantic::translate(&mut event);
    }
    if let Some(sent_at) = common.sent_at {
        event.fill("sentAt", sent_at);
    }
    let at = times::happened(&event, intake)?;
    let content = content(event, form, common)?;
    let id = match &*content.message_id {
        "" => EventId::new(at),
        message_id => EventId::derive(&intake.tenant, Source::Segment, message_id, at),
    };
    Ok(Operation::Create(Box::new(Event {
        tenant: intake.tenant.clone(),
        id,
        received_at: intake.now,
        updated_at: intake.now,
        source: Source::Segment,
        content,
    })))
}

/// Takes out of an event what has a column. The rest goes into the context.
fn content<'a>(mut event: Object<'a>, form: Form, common: &Common<'a>) -> Result<Content<'a>, WireError> {
    let kind = kind(&mut event, form)?;
    let mut context = context::members("context", event.take("context"))?;
    context.merge(&common.context);
    let user_id = id("userId", event.take("userId"))?;
    let anonymous_id = id("anonymousId", event.take("anonymousId"))?;
    if user_id.is_empty() && anonymous_id.is_empty() {
        return Err(WireError::MissingField("userId or anonymousId"));
    }
    let mut group_id = id("groupId", event.take("groupId"))?;
    if group_id.is_empty() {
        group_id = id("context.groupId", context.get("groupId"))?;
    }
    let previous_id = id("previousId", event.take("previousId"))?;
    let needed: &[_] = match kind {
        Kind::Group => &[("groupId", &group_id)],
        Kind::Alias => &[("userId", &user_id), ("previousId", &previous_id)],
        _ => &[],
    };
    if let Some((field, _)) = needed.iter().find(|(_, id)| id.is_empty()) {
        return Err(WireError::MissingForKind { field, kind: kind.as_str() });
    }
    let message_id = id("messageId", event.take("messageId"))?;
    let conversation_id = id("context.sessionId", context.get("sessionId"))?;
    let (field, properties) = properties(&mut event, kind, &context);
    Ok(Content {
        kind,
        event_name: name(&mut event, kind, form, properties)?,
        error: error(field, properties),
        properties: object(field, properties)?,
        message_id,
        conversation_id,
        user_id,
        anonymous_id,
        subjects: [group_id, previous_id].into_iter().filter(|id| !id.is_empty()).collect(),
        context: context::column(&context, event.take("integrations"), &common.integrations, &event)?,
        ..Content::default()
    })
}

/// The kind that the route names, else the one that the event does. What the event says stays in it if it is
/// not the kind's own word.
fn kind(event: &mut Object<'_>, form: Form) -> Result<Kind, WireError> {
    let sent = event.get("type");
    let kind = match form {
        Form::Single(kind) => kind,
        Form::Batch | Form::Semantic => {
            let word = string("type", sent)?.to_ascii_lowercase();
            if word.is_empty() {
                return Err(WireError::MissingField("type"));
            }
            Kind::parse(&word)
                .filter(|kind| *kind != Kind::Event)
                .ok_or_else(|| invalid("type", "one of: track, page, screen, identify, group, alias"))?
        }
    };
    if filled_string(sent).is_some_and(|sent| sent == kind.as_str()) {
        event.take("type");
    }
    Ok(kind)
}

/// The object that says what there is to say of an event, under the name that it was sent under: the traits of a
/// user or a group, else the properties.
fn properties<'a>(
    event: &mut Object<'a>,
    kind: Kind,
    context: &Object<'a>,
) -> (&'static str, Option<&'a RawValue>) {
    let traits = match kind {
        Kind::Identify => event.take("traits").or_else(|| context.get("traits")),
        Kind::Group => event.take("traits"),
        _ => None,
    };
    if traits.is_some() { ("traits", traits) } else { ("properties", event.take("properties")) }
}

/// What happened: what is tracked, or the name of the page, else the kind.
fn name<'a>(
    event: &mut Object<'a>,
    kind: Kind,
    form: Form,
    properties: Option<&'a RawValue>,
) -> Result<Text<'a>, WireError> {
    let named = match kind {
        Kind::Track => {
            let name = string("event", event.take("event"))?;
            if name.is_empty() {
                return Err(WireError::MissingForKind { field: "event", kind: kind.as_str() });
            }
            Some(name)
        }
        Kind::Page | Kind::Screen => match filled_string(event.get("name")) {
            Some(name) => {
                event.take("name");
                Some(name)
            }
            None if form == Form::Semantic => semantic::page_name(event),
            None => None,
        }
        .or_else(|| filled_string(member(properties, "name"))),
        _ => None,
    };
    Ok(named.unwrap_or_else(|| kind.as_str().into()))
}

/// What went wrong, if the properties say so in words.
fn error<'a>(field: &str, properties: Option<&'a RawValue>) -> Text<'a> {
    let said = if field == "properties" { filled_string(member(properties, "error")) } else { None };
    said.unwrap_or_default()
}

/// A member of an object, looked for only where its name is somewhere in the text.
fn member<'a>(object: Option<&'a RawValue>, name: &str) -> Option<&'a RawValue> {
    let text = object?.get();
    if text.contains(name) { Object::parse(text).ok()?.get(name) } else { None }
}
