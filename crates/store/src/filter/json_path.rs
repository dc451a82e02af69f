//! The texts at a path of a JSON object that is kept as text, as the columns of the table show them.

use std::borrow::Cow;
use std::fmt;

use model::JsonText;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Path, Value};

/// Of the properties, where a name may have points itself: `{"a.b":1}` has something at `a.b` too.
pub(super) fn of_properties<'a>(object: &'a JsonText<'_>, path: &Path) -> Vec<Cow<'a, str>> {
    texts(object, path, true)
}

/// Of the context.
pub(super) fn of_context<'a>(object: &'a JsonText<'_>, path: &Path) -> Vec<Cow<'a, str>> {
    texts(object, path, false)
}

/// None if there is nothing, several of a list, of which objects and lists are empty.
fn texts<'a>(object: &'a JsonText<'_>, path: &Path, points_in_names: bool) -> Vec<Cow<'a, str>> {
    let Some(found) = seek(object.as_str(), path.as_str(), points_in_names) else { return Vec::new() };
    if found.starts_with('[') {
        let elements: Vec<&RawValue> = serde_json::from_str(found).unwrap_or_default();
        return elements.into_iter().map(|element| text(element.get())).collect();
    }
    vec![text(found)]
}

/// The first value at a path of an object.
fn seek<'a>(object: &'a str, path: &str, points_in_names: bool) -> Option<&'a str> {
    // What is no object has no members.
    let Members(members) = serde_json::from_str(object).ok()?;
    let at_name = |(name, value): (Cow<'_, str>, &'a RawValue)| {
        if name.contains('.') && !points_in_names {
            return None;
        }
        let (rest, value) = (path.strip_prefix(&*name)?, value.get());
        if rest.is_empty() { Some(value) } else { seek(value, rest.strip_prefix('.')?, points_in_names) }
    };
    members.into_iter().find_map(at_name)
}

/// The text of a piece of JSON; empty for objects, lists and null.
fn text(json: &str) -> Cow<'_, str> {
    match json.as_bytes().first() {
        Some(b'"') => serde_json::from_str::<String>(json).unwrap_or_default().into(),
        Some(b't' | b'f') => json.into(),
        Some(b'-' | b'0'..=b'9') => number(json).into(),
        _ => "".into(),
    }
}

/// As the server writes it. Of an integer of more than 64 bits it may read the last digit of a double otherwise.
fn number(json: &str) -> String {
    let whole = json.parse::<i64>().map(|number| number.to_string());
    let whole = whole.or_else(|_| json.parse::<u64>().map(|number| number.to_string()));
    whole.unwrap_or_else(|_| Value::from(json.parse::<f64>().unwrap_or_default()).text().to_owned())
}

/// Of an object, in their order.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}
