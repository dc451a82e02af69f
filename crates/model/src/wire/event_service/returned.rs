//! The way back: the message of an event.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::field::Field;
use super::message::Message;
use crate::wire::values::string;
use crate::{Event, Source};

/// The message of an event, in camel case: what was sent as it was sent, without what is unset. Serializes as a
/// JSON object.
///
/// An event whose message had no `EventId` has the one that Millrace gave it. An event of another dialect has the
/// members that its columns make, what is in its context, and its time.
#[derive(Debug)]
pub struct Returned<'a> {
    event: &'a Event<'a>,
    context: Message<'a>,
}

impl<'a> Returned<'a> {
    /// The message of an event.
    pub fn new(event: &'a Event<'a>) -> Self {
        let text = event.content.context.as_str();
        // None is there, or what is there was checked when it was written.
        Self { event, context: Message::parse(text, usize::MAX).unwrap_or_default() }
    }

    /// Writes a member: what its column says, else what the context does.
    fn entry<M: SerializeMap>(&self, map: &mut M, field: Field) -> Result<(), M::Error> {
        let (event, content, name) = (self.event, &self.event.content, field.camel());
        let text = match field {
            Field::EventId if content.message_id.is_empty() => return map.serialize_entry(name, &event.id),
            Field::EventId => &*content.message_id,
            Field::Topic => &content.event_name,
            Field::ActorId => &content.user_id,
            Field::ActivityId => &content.conversation_id,
            _ => "",
        };
        let texts = match field {
            Field::Subjects => content.subjects.as_slice(),
            Field::Tags => &content.tags,
            Field::SourceTraceIds => &content.trace_ids,
            _ => &[],
        };
        if field == Field::Data && !content.properties.as_str().is_empty() {
            return self.data(map);
        }
        match self.context.get(field) {
            _ if !text.is_empty() => map.serialize_entry(name, text),
            _ if !texts.is_empty() => map.serialize_entry(name, texts),
            Some(value) => map.serialize_entry(name, value),
            None if field == Field::CreatedDateUtc && event.source != Source::EventService => {
                map.serialize_entry(name, &event.id.created_at())
            }
            None => Ok(()),
        }
    }

    /// Writes the properties as what they were sent as.
    fn data<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let (name, properties) = (Field::Data.camel(), &self.event.content.properties);
        match self.context.get(Field::Data) {
            Some(mark) if !mark.get().starts_with('"') => map.serialize_entry(name, properties.as_str()),
            // With white space around it.
            sent if string(name, sent).is_ok_and(|text| text.trim() == properties.as_str()) => {
                map.serialize_entry(name, &sent)
            }
            _ => map.serialize_entry(name, properties),
        }
    }
}

impl Serialize for Returned<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for field in Field::ALL {
            self.entry(&mut map, *field)?;
        }
        for (name, value) in self.context.unknown() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
