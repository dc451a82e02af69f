//! A JSON object kept as the text in which it was sent.

use std::fmt;

use serde::de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// The text of a JSON object, or empty when there is none. Dates, nulls, key order, number forms
/// and white space stay as they came, because only the text is kept.
///
/// Reading checks all of it: valid JSON without lone surrogates, numbers within double precision,
/// nested at most 128 deep (`serde_json`'s limit), so that whoever reads it later can.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JsonText(String);

impl JsonText {
    /// The text of an object; `Err` tells what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let text = text.trim_matches([' ', '\t', '\n', '\r']);
        serde_json::from_str::<Checked>(text)?;
        if text.starts_with('{') {
            Ok(Self(text.into()))
        } else {
            Err(de::Error::custom("expected a JSON object"))
        }
    }

    /// What the table holds: already checked when it was written.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The text; empty when there is none.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Serialize for JsonText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = if self.0.is_empty() { "{}" } else { &self.0 };
        let raw: &RawValue = serde_json::from_str(text).map_err(S::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for JsonText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        Self::parse(raw.get()).map_err(de::Error::custom)
    }
}

/// Reads any JSON value and keeps nothing. Unlike [`IgnoredAny`] and [`RawValue`] it is subject to
/// the recursion limit and looks into strings and numbers.
struct Checked;

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
        let read: JsonText = serde_json::from_str(text).unwrap();
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
            assert!(serde_json::from_str::<JsonText>(bad).is_err());
        }
    }
}
