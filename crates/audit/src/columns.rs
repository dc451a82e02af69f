//! The fields of an event, in the message and in the table, and when two of them say the same.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::digest::Digest;

/// As much of a field as is shown.
const SHOWN: usize = 200;

/// How a field is written, in the message and in the row's JSON.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Type {
    /// A string; what an absent one stands for.
    Text(&'static str),
    /// A double.
    Number,
    /// A list of strings.
    Texts,
    /// A list of single-precision numbers.
    Vector,
    /// An object in the message, its text in the row.
    Object,
}

/// What a message's `data` may hold; the columns have the same names.
pub(crate) const FIELDS: [(&str, Type); 18] = [
    ("kind", Type::Text("event")),
    ("event_name", Type::Text("")),
    ("message_id", Type::Text("")),
    ("conversation_id", Type::Text("")),
    ("conversation_metadata", Type::Text("")),
    ("user_id", Type::Text("")),
    ("anonymous_id", Type::Text("")),
    ("error", Type::Text("")),
    ("latency", Type::Number),
    ("input", Type::Text("")),
    ("output", Type::Text("")),
    ("input_embeddings", Type::Vector),
    ("output_embeddings", Type::Vector),
    ("subjects", Type::Texts),
    ("tags", Type::Texts),
    ("trace_ids", Type::Texts),
    ("properties", Type::Object),
    ("context", Type::Object),
];

/// What is kept of a field.
#[derive(Debug)]
pub(crate) enum Value {
    /// The field's JSON.
    Json(Box<RawValue>),
    /// The digest of a large string's text or of a large object's JSON.
    Large(Digest),
}

impl Value {
    /// The kept form of a string that is not large.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Json(json) => read(json.get()),
            Self::Large(_) => None,
        }
    }

    /// The kept form of a large field.
    pub(crate) fn digest(&self) -> Option<Digest> {
        match self {
            Self::Json(_) => None,
            Self::Large(digest) => Some(*digest),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(json) => json.get().chars().take(SHOWN).try_for_each(|char| write!(f, "{char}")),
            Self::Large(digest) => digest.fmt(f),
        }
    }
}

impl Type {
    /// What is kept of a message's field.
    pub(crate) fn keep(self, json: Box<RawValue>) -> Value {
        let text = json.get();
        let digest = match self {
            _ if text.len() < Digest::FROM => None,
            Self::Text(_) => read::<String>(text).map(|text| Digest::of(&text)),
            Self::Object => Some(Digest::of(text)),
            Self::Number | Self::Texts | Self::Vector => None,
        };
        digest.map_or(Value::Json(json), Value::Large)
    }

    /// What is kept of a row's field, which has objects as texts.
    pub(crate) fn keep_found(self, json: &RawValue) -> Value {
        let kind = if matches!(self, Self::Object) { Self::Text("") } else { self };
        kind.keep(json.to_owned())
    }

    /// Whether a row's field says what the message's does. Numbers are read exactly, not as
    /// `serde_json` reads them.
    pub(crate) fn agrees(self, expected: Option<&Value>, found: &RawValue) -> bool {
        let expected = match expected {
            Some(Value::Large(digest)) => {
                return read::<String>(found.get()).is_some_and(|text| Digest::of(&text) == *digest);
            }
            Some(Value::Json(json)) => Some(json.get()).filter(|text| *text != "null"),
            None => None,
        };
        match self {
            Self::Text(default) => {
                let expected = expected.map_or(Some(default.to_owned()), read::<String>);
                expected.is_some() && expected == read(found.get())
            }
            Self::Object => read::<String>(found.get()).as_deref() == Some(expected.unwrap_or_default()),
            Self::Texts => {
                let expected = read::<Vec<String>>(expected.unwrap_or("[]"));
                expected.is_some() && expected == read(found.get())
            }
            Self::Number => {
                let expected = expected.unwrap_or("0").parse::<f64>().ok();
                expected.is_some() && expected == found.get().parse().ok()
            }
            Self::Vector => {
                let expected = numbers::<f32>(expected.unwrap_or("[]"));
                expected.is_some() && expected == numbers(found.get())
            }
        }
    }
}

fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Option<T> {
    serde_json::from_str(json).ok()
}

fn numbers<T: FromStr>(json: &str) -> Option<Vec<T>> {
    read::<Vec<&RawValue>>(json)?.into_iter().map(|number| number.get().parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agree(kind: Type, expected: Option<&str>, found: &str) -> bool {
        let raw = |text: &str| RawValue::from_string(text.to_owned()).unwrap();
        kind.agrees(expected.map(raw).map(|json| kind.keep(json)).as_ref(), &raw(found))
    }

    #[test]
    fn an_absent_or_null_field_is_an_empty_one() {
        for expected in [None, Some("null")] {
            assert!(agree(Type::Text("event"), expected, r#""event""#));
            assert!(!agree(Type::Text(""), expected, r#""x""#));
            assert!(agree(Type::Number, expected, "0") && !agree(Type::Number, expected, "1"));
            assert!(agree(Type::Texts, expected, "[]") && !agree(Type::Texts, expected, r#"["x"]"#));
            assert!(agree(Type::Vector, expected, "[]") && !agree(Type::Vector, expected, "[1]"));
            assert!(agree(Type::Object, expected, r#""""#) && !agree(Type::Object, expected, r#""{}""#));
        }
    }

    #[test]
    fn texts_agree_by_meaning_objects_to_the_letter_and_numbers_to_the_bit() {
        assert!(agree(Type::Text(""), Some(r#""a/\u00e9""#), r#""a\/é""#));
        assert!(agree(Type::Object, Some(r#"{"a":1.0}"#), r#""{\"a\":1.0}""#));
        assert!(!agree(Type::Object, Some(r#"{"a":1.0}"#), r#""{\"a\":1}""#));
        assert!(agree(Type::Number, Some("1e2"), "100"));
        assert!(!agree(Type::Number, Some("37.04000000000001"), "37.04"));
        assert!(agree(Type::Vector, Some("[0.1,2]"), "[0.1,2.0]"));
        assert!(!agree(Type::Vector, Some("[0.1]"), "[0.1000001]"));
    }

    #[test]
    fn of_a_large_field_only_a_digest_is_kept_and_it_tells_every_other_text() {
        let text = format!("{}é\"", "0123456789".repeat(90_000));
        let (json, object) = (
            serde_json::to_string(&text).unwrap(),
            format!(r#"{{"a":1.0, "text":"{}"}}"#, "x".repeat(Digest::FROM)),
        );
        for (kind, expected, found) in
            [(Type::Text(""), &json, text.as_str()), (Type::Object, &object, object.as_str())]
        {
            let kept = kind.keep(RawValue::from_string(expected.clone()).unwrap());
            assert_eq!(kept.digest(), Some(Digest::of(found)));
            let row = |text: &str| serde_json::to_string(text).unwrap();
            assert!(agree(kind, Some(expected), &row(found)));
            let mut cut = found.to_owned();
            cut.pop();
            let changed = found.replacen('1', "2", 1);
            for wrong in [cut, changed, String::new(), format!("{found} ")] {
                assert!(!agree(kind, Some(expected), &row(&wrong)));
            }
            assert!(!agree(kind, Some(expected), "null"));
        }
    }

    #[test]
    fn a_large_text_where_a_small_one_should_be_is_told_by_its_length() {
        let (small, large) = (r#""x""#, format!(r#""{}""#, "x".repeat(Digest::FROM)));
        assert!(!agree(Type::Text(""), Some(small), &large));
        let found = Type::Object.keep_found(&RawValue::from_string(large).unwrap()).to_string();
        assert!(found.starts_with("4096 bytes with SHA-256 "), "{found}");
    }
}
