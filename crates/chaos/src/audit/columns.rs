//! The fields of an event, in the message and in the table, and when two of them say the same.

use std::str::FromStr;

use serde::Deserialize;
use serde_json::value::RawValue;

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

impl Type {
    /// Whether a row's field says what the message's does. Numbers are read exactly, not as
    /// `serde_json` reads them.
    pub(crate) fn agrees(self, expected: Option<&RawValue>, found: &RawValue) -> bool {
        let expected = expected.map(RawValue::get).filter(|text| *text != "null");
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
        kind.agrees(expected.map(raw).as_deref(), &raw(found))
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
}
