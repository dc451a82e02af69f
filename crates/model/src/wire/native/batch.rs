//! The body of a batch, taken apart into the bodies of its events.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::Text;
use crate::wire::WireError;
use crate::wire::error::{json_bytes, read_object};
use crate::wire::separate::{Elements, elements};

/// Reads `{"events":[…]}` or a list; keeps so many events at most.
#[derive(Clone, Copy)]
struct Batch {
    most: usize,
}

impl<'de> Visitor<'de> for Batch {
    type Value = Elements<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Elements<'de>, A::Error> {
        let mut events = Elements::at_most(self.most);
        while let Some(event) = list.next_element::<&RawValue>()? {
            events.push(event.get().as_bytes());
        }
        Ok(events)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Elements<'de>, A::Error> {
        let mut events = None;
        while let Some(name) = object.next_key::<Text<'de>>()? {
            if &*name != "events" {
                object.next_value::<de::IgnoredAny>()?;
            } else if events.replace(object.next_value_seed(self)?).is_some() {
                return Err(de::Error::duplicate_field("events"));
            }
        }
        events.ok_or_else(|| de::Error::missing_field("events"))
    }
}

/// The list in the object.
impl<'de> DeserializeSeed<'de> for Batch {
    type Value = Elements<'de>;

    fn deserialize<D: Deserializer<'de>>(self, list: D) -> Result<Elements<'de>, D::Error> {
        list.deserialize_seq(self)
    }
}

/// A batch of which only what is wrong with it is wanted.
#[derive(Deserialize)]
#[serde(expecting = "an object")]
struct Wrong {
    #[serde(rename = "events")]
    _events: Option<Vec<de::IgnoredAny>>,
}

/// Whether a batch's first value has `events`, whatever is in it.
#[derive(Deserialize)]
struct First {
    events: Option<de::IgnoredAny>,
}

/// Splits the body of a batch into the bodies of its events: `{"events":[…]}`, a list, or one event a line.
/// Keeps the first `most` of them.
///
/// Without a word in `lines`, a body whose first value is an object without `events` is the latter, and
/// so is one of several lines whose first is broken and no beginning of a batch. What is wrong
/// with one event is left to [`create`](super::create) to find, so that it costs only that event.
pub fn split(body: &[u8], lines: bool, most: usize) -> Result<Elements<'_>, WireError> {
    let body = json_bytes(body)?;
    let first = body.trim_ascii_start().first();
    if first == Some(&b'[') || (!lines && first == Some(&b'{')) {
        if let Ok(events) = whole(body, most) {
            return Ok(events);
        }
        // Some event is no JSON, or the whole is none.
        if let Some(events) = elements(body, "events", most) {
            return Ok(events);
        }
    }
    if lines || are_lines(body) {
        let mut events = Elements::at_most(most);
        by_line(body).for_each(|line| events.push(line));
        return Ok(events);
    }
    if first == Some(&b'[') {
        let error = serde_json::from_slice::<Vec<de::IgnoredAny>>(body).err();
        let text = error.map_or_else(|| "could not be read".into(), |error| error.to_string());
        return Err(WireError::InvalidJson(text));
    }
    read_object::<Wrong>(body)?;
    Ok(Elements::at_most(most))
}

fn whole(body: &[u8], most: usize) -> serde_json::Result<Elements<'_>> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let events = reader.deserialize_any(Batch { most })?;
    reader.end().map(|()| events)
}

fn by_line(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty())
}

/// Whether a body that is no batch as a whole is one event a line.
fn are_lines(body: &[u8]) -> bool {
    let is_object = body.trim_ascii_start().starts_with(b"{");
    match serde_json::Deserializer::from_slice(body).into_iter::<First>().next() {
        Some(Ok(First { events })) if is_object => events.is_none(),
        Some(_) => by_line(body).count() > 1 && !by_line(body).next().is_some_and(begins_a_batch),
        None => false,
    }
}

/// Whether a line is the first of a JSON text over several lines rather than an event, as far as a
/// broken one tells.
fn begins_a_batch(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let is_open_list = line.starts_with(b"[") && serde_json::from_slice::<de::IgnoredAny>(line).is_err();
    line == b"{" || is_open_list || line.windows(br#""events""#.len()).any(|part| part == br#""events""#)
}
