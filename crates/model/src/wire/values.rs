//! Single values of an event: ids, strings, objects.

use serde_json::value::RawValue;

use super::{WireError, limits};
use crate::{JsonText, Text};

/// An id: a string, or a number as its own text, since Ruby and PHP send what they are given. Empty if it is absent.
pub(in crate::wire) fn id<'a>(
    field: &'static str,
    value: Option<&'a RawValue>,
) -> Result<Text<'a>, WireError> {
    let Some(value) = value else { return Ok(Text::default()) };
    let id = match value.get().as_bytes().first() {
        Some(b'"') => unquoted(field, value)?,
        Some(b'-' | b'0'..=b'9') => value.get().into(),
        _ => return Err(invalid(field, "a string or a number")),
    };
    limits::check_id(field, &id)?;
    Ok(id)
}

/// A string; empty if it is absent.
pub(in crate::wire) fn string<'a>(
    field: &'static str,
    value: Option<&'a RawValue>,
) -> Result<Text<'a>, WireError> {
    match value {
        None => Ok(Text::default()),
        Some(value) if value.get().starts_with('"') => unquoted(field, value),
        Some(_) => Err(invalid(field, "a string")),
    }
}

/// A string that is not empty, or nothing, whatever else is there.
pub(in crate::wire) fn filled_string(value: Option<&RawValue>) -> Option<Text<'_>> {
    string("", value).ok().filter(|text| !text.is_empty())
}

/// An object, as it was sent. PHP writes an empty one as an empty list.
pub(in crate::wire) fn object<'a>(
    field: &'static str,
    value: Option<&'a RawValue>,
) -> Result<JsonText<'a>, WireError> {
    match value {
        Some(value) if value.get().starts_with('{') => {
            JsonText::checked(value).map_err(|error| unreadable(field, &error))
        }
        Some(value) if !is_empty_list(value) => Err(invalid(field, "an object")),
        _ => Ok(JsonText::default()),
    }
}

/// Whether a value is `[]`.
pub(in crate::wire) fn is_empty_list(value: &RawValue) -> bool {
    let within = value.get().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    within.is_some_and(|within| within.trim_ascii().is_empty())
}

/// JSON by its brackets, but not in what stands between them.
pub(in crate::wire) fn unreadable(field: &str, error: &serde_json::Error) -> WireError {
    WireError::InvalidJson(format!("{field}: {error}"))
}

/// A value that is not allowed.
pub(in crate::wire) fn invalid(field: &'static str, expected: &str) -> WireError {
    WireError::InvalidField { field, expected: expected.into() }
}

fn unquoted<'a>(field: &str, value: &'a RawValue) -> Result<Text<'a>, WireError> {
    // JSON already: without an escape it is what stands between the quotes.
    let quoted = value.get().strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if let Some(plain) = quoted.filter(|text| !text.contains('\\')) {
        return Ok(plain.into());
    }
    serde_json::from_str(value.get()).map_err(|error| unreadable(field, &error))
}
