//! A JSON object kept as the text in which it was sent.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

/// The text of a JSON object, or empty when there is none. Dates, nulls, key order, number forms
/// and white space stay as they came, because only the text is kept.
///
/// Reading checks all of it: valid JSON without lone surrogates, numbers within double precision,
/// nested at most 128 deep (`serde_json`'s limit), so that whoever reads it later can.
#[derive(Clone, Debug, Default)]
pub struct JsonText<'a>(Option<Cow<'a, RawValue>>);

impl<'a> JsonText<'a> {
    /// The text of an object; `Err` tells what is wrong with it.
    pub fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The text of an object made of parts of other texts; `Err` tells what is wrong with them.
    pub(crate) fn written(parts: &impl Serialize) -> Result<JsonText<'static>, serde_json::Error> {
        let raw = to_raw_value(parts)?;
        JsonText::checked(&raw)?;
        Ok(JsonText(Some(Cow::Owned(raw))))
    }

    /// What the table holds: already checked when it was written. `Err` if it is no JSON all the same.
    pub fn from_stored(text: String) -> Result<Self, serde_json::Error> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        Ok(Self(Some(Cow::Owned(RawValue::from_string(text)?))))
    }

    /// The text; empty when there is none.
    pub fn as_str(&self) -> &str {
        self.0.as_ref().map_or("", |raw| raw.get())
    }

    /// Copies the text if it is borrowed, so that it outlives what it was read from.
    pub fn into_owned(self) -> JsonText<'static> {
        JsonText(self.0.map(|raw| Cow::Owned(raw.into_owned())))
    }

    /// The text of an object that is JSON already; `Err` tells what is wrong with it all the same.
    pub(crate) fn checked(raw: &'a RawValue) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<Checked>(raw.get())?;
        if raw.get().starts_with('{') {
            Ok(Self(Some(Cow::Borrowed(raw))))
        } else {
            Err(de::Error::custom("expected a JSON object"))
        }
    }
}

impl PartialEq for JsonText<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Serialize for JsonText<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Some(raw) => raw.serialize(serializer),
            None => serializer.serialize_map(Some(0))?.end(),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for JsonText<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::checked(<&RawValue>::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// Reads any JSON value and keeps nothing. Unlike [`IgnoredAny`] and [`RawValue`] it is subject to
/// the recursion limit and looks into strings and numbers.
pub(crate) struct Checked;

impl<'de> Deserialize<'de> for Checked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CheckedVisitor)
    }
}

struct CheckedVisitor;

impl<'de> Visitor<'de> for CheckedVisitor {
    type Value = Checked;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Checked, E> {
        Ok(Checked)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Checked, E> {
        Ok(Checked)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Checked, E> {
        Ok(Checked)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Checked, E> {
        Ok(Checked)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Checked, E> {
        Ok(Checked)
    }

    fn visit_str<E>(self, _: &str) -> Result<Checked, E> {
        Ok(Checked)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Checked, A::Error> {
        while seq.next_element::<Checked>()?.is_some() {}
        Ok(Checked)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Checked, A::Error> {
        while map.next_key::<Key>()?.is_some() {
            map.next_value::<Checked>()?;
        }
        Ok(Checked)
    }
}

/// An object's key: any string, looked into.
struct Key;

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(IgnoredAny)?;
        Ok(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_comes_back_as_sent() {
        let text = r#"{"at":"2023-10-15T14:30:00Z","n":null,"o":{},"a.b":1,"f":1.0,"big":12345678901234567890, "a.b" : 2}"#;
        let read: JsonText<'_> = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        assert_eq!(serde_json::to_string(&JsonText::default()).unwrap(), "{}");
    }

    #[test]
    fn what_others_could_not_read_is_refused() {
        let deep = format!(r#"{{"a":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        for bad in [
            "[]",
            "1",
            "\"{}\"",
            "null",
            "{",
            r#"{"a":1e999}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"\ud800":1}"#,
            &deep,
        ] {
            assert!(JsonText::parse(bad).is_err(), "{}", bad.get(..20).unwrap_or(bad));
            assert!(serde_json::from_str::<JsonText<'_>>(bad).is_err());
        }
    }
}
