//! What can be wrong with something sent, in words for whoever sent it.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::json_text::Checked;

/// Why a body is no operation. The text is a sentence for the sender and names the field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Not JSON at all.
    #[error("invalid JSON body: {0}")]
    InvalidJson(String),
    /// JSON, but a value has the wrong type or can't be taken; the text starts with the field's path.
    #[error("invalid JSON body: {0}")]
    InvalidType(String),
    /// A required field is absent or empty.
    #[error("{0} is required")]
    MissingField(&'static str),
    /// A field that events of this kind must have is absent or empty.
    #[error("{field} is required for {kind}")]
    MissingForKind {
        /// The field.
        field: &'static str,
        /// The kind's word.
        kind: &'static str,
    },
    /// A field's value is not allowed.
    #[error("{field} must be {expected}")]
    InvalidField {
        /// The field.
        field: &'static str,
        /// What it must be.
        expected: String,
    },
    /// An event is longer than is taken.
    #[error("an event is at most {most} bytes long, this one has {bytes}")]
    EventTooLarge {
        /// The length of its text as sent.
        bytes: usize,
        /// What is taken.
        most: usize,
    },
    /// A batch holds more events than are taken.
    #[error("a batch holds at most {most} events, this one has {count}")]
    TooManyEvents {
        /// As many as it holds.
        count: usize,
        /// As many as are taken.
        most: usize,
    },
}

impl WireError {
    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidJson(_) => "invalid_json",
            Self::MissingField(_) | Self::MissingForKind { .. } => "missing_field",
            Self::InvalidType(_) | Self::InvalidField { .. } => "invalid_field",
            Self::EventTooLarge { .. } | Self::TooManyEvents { .. } => "too_large",
        }
    }
}

/// The bytes of a JSON text: without a byte order mark, which RFC 8259 lets a reader ignore. Packed bytes are
/// none.
pub(crate) fn json_bytes(body: &[u8]) -> Result<&[u8], WireError> {
    if body.starts_with(b"\x1f\x8b") {
        return Err(WireError::InvalidJson(
            "it is gzip, but the request has no Content-Encoding: gzip".into(),
        ));
    }
    Ok(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body))
}

/// Reads a JSON object. Fast when it is right; when it is not, it is read again to name the field.
pub(crate) fn read_object<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, WireError> {
    let body = json_bytes(body)?;
    // serde would also take a list for a struct.
    let is_list = body.trim_ascii_start().starts_with(b"[");
    if is_list && serde_json::from_slice::<IgnoredAny>(body).is_ok() {
        return Err(WireError::InvalidType("expected an object, not a list".into()));
    }
    let utf8 = std::str::from_utf8(body);
    if let Ok(text) = utf8
        && let Ok(value) = serde_json::from_str(text)
    {
        return Ok(value);
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Err(error) => Err(describe(&error)),
        Ok(_) => Err(match (reader.end(), utf8) {
            (Err(trailing), _) => WireError::InvalidJson(trailing.to_string()),
            (_, Err(bytes)) => WireError::InvalidJson(format!("not UTF-8: {bytes}")),
            (Ok(()), Ok(_)) => WireError::InvalidJson("could not be read".into()),
        }),
    }
}

/// The error, or if it is that an object is no JSON: the same with the name of the member. It is read once more for
/// that, and nothing of it is kept.
pub(crate) fn with_member(error: WireError, object: &[u8]) -> WireError {
    match error {
        WireError::InvalidJson(_) => read_object::<Checked>(object).err().unwrap_or(error),
        error => error,
    }
}

fn describe(error: &serde_path_to_error::Error<serde_json::Error>) -> WireError {
    let path = error.path().to_string();
    // The whole, or somewhere without a name.
    let text = if matches!(path.as_str(), "." | "?") {
        error.inner().to_string()
    } else {
        format!("{path}: {}", error.inner())
    };
    // To the parser such a number is bad syntax; to whoever sent it, it is JSON.
    let is_json = error.inner().is_data() || text.contains(": number out of range at ");
    let text = shortened(text);
    if is_json { WireError::InvalidType(text) } else { WireError::InvalidJson(text) }
}

/// Without the middle of a text that repeats a long value: what is wrong stands before it and behind it.
fn shortened(text: String) -> String {
    const BEFORE: usize = 200;
    const BEHIND: usize = 100;
    let Some((start, _)) = text.char_indices().nth(BEFORE) else { return text };
    let Some((end, _)) = text.char_indices().nth_back(BEHIND - 1) else { return text };
    match (text.get(..start), text.get(end..)) {
        (Some(before), Some(behind)) if start < end => format!("{before} … {behind}"),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_middle_of_a_long_text_is_left_out() {
        for length in [0, 200, 300] {
            let text = "ü".repeat(length);
            assert_eq!(shortened(text.clone()), text);
        }
        let text = format!("a{}b", "ü".repeat(299));
        assert_eq!(shortened(text), format!("a{} … {}b", "ü".repeat(199), "ü".repeat(99)));
    }
}
