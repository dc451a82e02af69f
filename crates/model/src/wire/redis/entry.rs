//! Entries of streams: where the message in their fields is.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::wire::object::Object;

/// The fields that hold a whole message, the first there is.
const WHOLE: [&[u8]; 4] = [b"event", b"data", b"payload", b"message"];
const EVENT_TYPE: &str = "event_type";

/// The message that the fields of an entry are: what the first of `event`, `data`, `payload` and `message` holds.
/// Without such a field the fields are the members of the envelope. They are too where an `event_type` stands beside
/// `data` and in it is none: then that is the envelope's own `data`.
pub fn payload(mut fields: Vec<(Vec<u8>, Vec<u8>)>) -> Vec<u8> {
    let place = |wanted: &[u8]| fields.iter().position(|(name, _)| name == wanted);
    let has_type = place(EVENT_TYPE.as_bytes()).is_some();
    let is_own_data = |(name, value): &(Vec<u8>, Vec<u8>)| has_type && name == b"data" && !is_message(value);
    let whole = WHOLE.iter().find_map(|whole| place(whole));
    let whole = whole.filter(|at| !fields.get(*at).is_some_and(is_own_data));
    match whole {
        Some(at) => fields.swap_remove(at).1,
        // Texts into memory: nothing that can fail.
        None => serde_json::to_vec(&Members(&fields)).unwrap_or_default(),
    }
}

fn is_message(value: &[u8]) -> bool {
    str::from_utf8(value).ok().and_then(|text| Object::parse(text).ok()).is_some_and(|it| it.has(EVENT_TYPE))
}

/// Fields as an object. A field that holds an object is one, any other a text.
struct Members<'a>(&'a [(Vec<u8>, Vec<u8>)]);

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            let (name, value) = (String::from_utf8_lossy(name), String::from_utf8_lossy(value));
            let object = value.trim_ascii_start().starts_with('{');
            match serde_json::from_str::<&RawValue>(&value) {
                Ok(raw) if object => map.serialize_entry(&name, raw)?,
                _ => map.serialize_entry(&name, &value)?,
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(fields: &[(&str, &str)]) -> String {
        let fields = fields.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()));
        String::from_utf8(payload(fields.collect())).unwrap()
    }

    #[test]
    fn the_first_field_that_holds_a_message_is_it() {
        for (fields, message) in [
            ([("payload", "p"), ("event", "e")], "e"),
            ([("message", "m"), ("data", "d")], "d"),
            ([("message", "m"), ("payload", "p")], "p"),
            ([("x", "x"), ("message", "m")], "m"),
            ([("event_type", "a.b"), ("payload", "p")], "p"),
            ([("event_type", "a.b"), ("data", r#"{"event_type":"a.b"}"#)], r#"{"event_type":"a.b"}"#),
        ] {
            assert_eq!(shown(&fields), message, "{fields:?}");
        }
    }

    #[test]
    fn without_one_the_fields_are_the_envelope() {
        assert_eq!(
            shown(&[("event_type", "user.created"), ("user_id", "7"), ("metadata", r#" {"a": 1.0}"#)]),
            r#"{"event_type":"user.created","user_id":"7","metadata":{"a": 1.0}}"#
        );
        assert_eq!(
            shown(&[("data", r#"{"total":"1.10"}"#), ("event_type", "a.b")]),
            r#"{"data":{"total":"1.10"},"event_type":"a.b"}"#
        );
        assert_eq!(shown(&[("metadata", "{no"), ("x", "[1]")]), r#"{"metadata":"{no","x":"[1]"}"#);
        assert_eq!(shown(&[]), "{}");
    }
}
