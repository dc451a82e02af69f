//! A body taken apart: the texts of its events, and what they have in common.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::mending::{has_lone_surrogate, mend};
use super::{Form, Limits, context};
use crate::Text;
use crate::wire::WireError;
use crate::wire::error::json_bytes;
use crate::wire::object::Object;
use crate::wire::separate::{self, Elements};
use crate::wire::values::{filled_string, invalid};

/// A batch of so many times the events that are taken is refused as a whole: naming each would take more memory
/// than the body.
const REFUSED_ONE_BY_ONE: usize = 4;

/// A body whose events are still texts.
#[derive(Debug)]
pub(super) struct Envelope<'a> {
    pub(super) events: Elements<'a>,
    pub(super) common: Common<'a>,
    pub(super) write_key: Option<Text<'a>>,
}

/// What a batch gives to each of its events that says nothing else.
#[derive(Debug, Default)]
pub(super) struct Common<'a> {
    pub(super) context: Object<'a>,
    pub(super) integrations: Object<'a>,
    pub(super) sent_at: Option<&'a RawValue>,
    /// How long its context and its integrations are.
    pub(super) bytes: usize,
}

/// Takes a body apart. Of a batch with an event that is no JSON the others are read all the same, unless
/// mending would help that one.
pub(super) fn open(body: &[u8], form: Form, limits: Limits) -> Result<Envelope<'_>, WireError> {
    let text = str::from_utf8(json_bytes(body)?)
        .map_err(|error| WireError::InvalidJson(format!("not UTF-8: {error}")))?
        .trim_ascii();
    if has_lone_surrogate(text) {
        return Err(WireError::InvalidJson("an escape is half of a surrogate pair".into()));
    }
    if form != Form::Batch {
        serde_json::from_str::<IgnoredAny>(text).map_err(no_json)?;
        object_or_error(text)?;
        let mut events = Elements::at_most(1);
        events.push(text.as_bytes());
        return Ok(Envelope { events, common: Common::default(), write_key: None });
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let most = limits.max_events;
    let parts = Batch { most }.deserialize(&mut reader).and_then(|parts| reader.end().map(|()| parts));
    let parts = match parts {
        Ok(parts) => parts,
        Err(error) if error.is_data() => {
            object_or_error(text)?;
            return Err(invalid("batch", "one list"));
        }
        Err(error) => {
            let apart = if mend(body).count == 0 { Parts::of_broken(text.as_bytes(), most) } else { None };
            apart.ok_or_else(|| no_json(error))?
        }
    };
    parts.envelope(limits)
}

fn no_json(error: serde_json::Error) -> WireError {
    WireError::InvalidJson(error.to_string())
}

fn object_or_error(text: &str) -> Result<(), WireError> {
    if text.starts_with('{') { Ok(()) } else { Err(WireError::InvalidType("expected an object".into())) }
}

/// The members of a batch that count. All others, such as a batch's own `timestamp` and `messageId`, say
/// nothing of its events.
struct Parts<'a> {
    events: Option<Elements<'a>>,
    context: Option<&'a RawValue>,
    integrations: Option<&'a RawValue>,
    sent_at: Option<&'a RawValue>,
    write_key: Option<&'a RawValue>,
}

impl<'a> Parts<'a> {
    const NONE: Self =
        Self { events: None, context: None, integrations: None, sent_at: None, write_key: None };

    /// Where a member is kept, unless it is the list.
    fn place(&mut self, name: &str) -> Option<&mut Option<&'a RawValue>> {
        match name {
            "context" => Some(&mut self.context),
            "integrations" => Some(&mut self.integrations),
            "sentAt" => Some(&mut self.sent_at),
            "writeKey" | "write_key" => Some(&mut self.write_key),
            _ => None,
        }
    }

    /// The parts of a body that is no JSON somewhere within an event, or in a member that nobody reads.
    fn of_broken(body: &'a [u8], most: usize) -> Option<Self> {
        let (mut parts, mut are_read) = (Self::NONE, true);
        separate::members(body, |name, value| {
            if let Some(place) = str::from_utf8(name).ok().and_then(|name| parts.place(name)) {
                *place = serde_json::from_slice(value).ok();
                are_read &= place.is_some();
            }
        })?;
        parts.events = separate::elements(body, "batch", most);
        (are_read && parts.events.is_some()).then_some(parts)
    }

    fn envelope(self, limits: Limits) -> Result<Envelope<'a>, WireError> {
        let present = |value: Option<&'a RawValue>| value.filter(|value| value.get() != "null");
        let events = self.events.ok_or(WireError::MissingField("batch"))?;
        let (count, most) = (events.count, limits.max_events);
        if count > most.saturating_mul(REFUSED_ONE_BY_ONE) {
            return Err(WireError::TooManyEvents { count, most });
        }
        let (context, integrations) = (present(self.context), present(self.integrations));
        let common_bytes: usize =
            [context, integrations].into_iter().flatten().map(|raw| raw.get().len()).sum();
        let most_bytes = limits.max_event_bytes.min(limits.max_added_bytes / count.max(1));
        if common_bytes > most_bytes {
            let expected = format!(
                "at most {most_bytes} bytes long, with the integrations, in a batch of {count} events"
            );
            return Err(WireError::InvalidField { field: "context", expected });
        }
        let common = Common {
            context: context::members("context", context)?,
            integrations: context::members("integrations", integrations)?,
            sent_at: present(self.sent_at),
            bytes: common_bytes,
        };
        Ok(Envelope { events, common, write_key: filled_string(self.write_key) })
    }
}

/// Reads the object that a batch is.
struct Batch {
    most: usize,
}

impl<'de> DeserializeSeed<'de> for Batch {
    type Value = Parts<'de>;

    fn deserialize<D: Deserializer<'de>>(self, body: D) -> Result<Parts<'de>, D::Error> {
        body.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Batch {
    type Value = Parts<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut body: A) -> Result<Parts<'de>, A::Error> {
        let mut parts = Parts::NONE;
        while let Some(name) = body.next_key::<Text<'de>>()? {
            if &*name == "batch" {
                let events = body.next_value_seed(List { most: self.most })?;
                if parts.events.replace(events).is_some() {
                    return Err(A::Error::duplicate_field("batch"));
                }
            } else if let Some(place) = parts.place(&name) {
                *place = Some(body.next_value()?);
            } else {
                body.next_value::<IgnoredAny>()?;
            }
        }
        Ok(parts)
    }
}

/// Reads the list that a batch has.
struct List {
    most: usize,
}

impl<'de> DeserializeSeed<'de> for List {
    type Value = Elements<'de>;

    fn deserialize<D: Deserializer<'de>>(self, list: D) -> Result<Elements<'de>, D::Error> {
        list.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List {
    type Value = Elements<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Elements<'de>, A::Error> {
        let mut events = Elements::at_most(self.most);
        while let Some(event) = list.next_element::<&RawValue>()? {
            events.push(event.get().as_bytes());
        }
        Ok(events)
    }
}
