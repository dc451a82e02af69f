//! The members of a message, each value as the text that was sent.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::field::Field;
use crate::Text;
use crate::wire::times::{self, Moment};
use crate::wire::values::{invalid, string};
use crate::wire::{WireError, limits};

/// What is taken out is gone: what is left in the end has no column. Of several of one name the last counts,
/// whatever its spelling; `null` is as if absent.
#[derive(Debug, Default)]
pub(super) struct Message<'a> {
    known: [Option<&'a RawValue>; Field::COUNT],
    unknown: Vec<(Text<'a>, &'a RawValue)>,
}

impl<'a> Message<'a> {
    /// The members of the object that the text is. Of those that nobody knows at most so many are kept, since
    /// each takes more memory than its text.
    pub(super) fn parse(text: &'a str, most_unknown: usize) -> Result<Self, serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let message = Members { most_unknown }.deserialize(&mut reader)?;
        reader.end().map(|()| message)
    }

    /// The members, of those that nobody knows as many as tell [`Self::check_unknown`] that there are too many.
    pub(super) fn parse_bounded(text: &'a str) -> Result<Self, serde_json::Error> {
        Self::parse(text, limits::MAX_UNKNOWN + 1)
    }

    /// Refuses too many members that nobody knows.
    pub(super) fn check_unknown(&self) -> Result<(), WireError> {
        let most = limits::MAX_UNKNOWN;
        if self.unknown.len() <= most {
            return Ok(());
        }
        Err(invalid("a message", &format!("without more than {most} members that nobody knows")))
    }

    /// The value of a member.
    pub(super) fn get(&self, field: Field) -> Option<&'a RawValue> {
        self.known.get(field as usize).copied().flatten()
    }

    /// The members that nobody knows, by the names they were sent under.
    pub(super) fn unknown(&self) -> &[(Text<'a>, &'a RawValue)] {
        &self.unknown
    }

    /// Puts a value in the place of a member's.
    pub(super) fn set(&mut self, field: Field, value: Option<&'a RawValue>) {
        if let Some(place) = self.known.get_mut(field as usize) {
            *place = value;
        }
    }

    /// An id that has a column, taken out unless it is empty: the column can't tell that from an absent one.
    pub(super) fn take_id(&mut self, field: Field) -> Result<Text<'a>, WireError> {
        let id = self.id(field)?;
        if !id.is_empty() {
            self.set(field, None);
        }
        Ok(id)
    }

    /// An id; empty if it is absent.
    pub(super) fn id(&self, field: Field) -> Result<Text<'a>, WireError> {
        let id = string(field.pascal(), self.get(field))?;
        limits::check_id(field.pascal(), &id)?;
        Ok(id)
    }

    /// A list of texts, taken out unless it is empty.
    pub(super) fn take_list(
        &mut self,
        field: Field,
        limit: limits::Texts,
    ) -> Result<Vec<Text<'a>>, WireError> {
        let Some(value) = self.get(field) else { return Ok(Vec::new()) };
        let Texts(texts) =
            serde_json::from_str(value.get()).map_err(|_| invalid(field.pascal(), "a list of strings"))?;
        limit.check(field.pascal(), &texts)?;
        if !texts.is_empty() {
            self.set(field, None);
        }
        Ok(texts)
    }

    /// A time, which stays as it was sent; an unset one is gone.
    pub(super) fn time(&mut self, field: Field) -> Result<Option<time::OffsetDateTime>, WireError> {
        let Some(value) = self.get(field) else { return Ok(None) };
        let expected = || invalid(field.pascal(), "a time such as 2026-11-20T21:57:13.1234567Z");
        let text = string(field.pascal(), Some(value)).map_err(|_| expected())?;
        match times::read(&text).ok_or_else(expected)? {
            Moment::At(moment) => Ok(Some(moment)),
            Moment::Unset => {
                self.set(field, None);
                Ok(None)
            }
        }
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.unknown.is_empty() && self.known.iter().all(Option::is_none)
    }
}

/// What is left, as it is kept: what is known by its name in camel case.
impl Serialize for Message<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for field in Field::ALL {
            if let Some(value) = self.get(*field) {
                map.serialize_entry(field.camel(), value)?;
            }
        }
        for (name, value) in &self.unknown {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// Reads a message.
struct Members {
    most_unknown: usize,
}

impl<'de> DeserializeSeed<'de> for Members {
    type Value = Message<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Message<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Members {
    type Value = Message<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Message<'de>, A::Error> {
        let mut message = Message::default();
        while let Some(name) = map.next_key::<Text<'de>>()? {
            let value: &RawValue = map.next_value()?;
            match Field::of(&name) {
                Some(field) => message.set(field, Some(value).filter(|value| value.get() != "null")),
                None if message.unknown.len() < self.most_unknown => message.unknown.push((name, value)),
                None => {}
            }
        }
        Ok(message)
    }
}

/// A list of texts, of which no more are kept than tell that it is too long.
struct Texts<'a>(Vec<Text<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Texts<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(TextsVisitor)
    }
}

struct TextsVisitor;

impl<'de> Visitor<'de> for TextsVisitor {
    type Value = Texts<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of strings")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Texts<'de>, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = list.next_element()? {
            if texts.len() <= limits::MAX_LIST {
                texts.push(text);
            }
        }
        Ok(Texts(texts))
    }
}
