//! How long the texts of an event may be that name something. All others, such as inputs and errors, are
//! limited by the body that they come in.

use super::WireError;
use crate::{Patch, Text};

/// The longest id that a client may give a conversation, a user or a message, in bytes.
const MAX_ID_BYTES: usize = 1_024;
/// The most subjects, tags and trace ids that an event may have, of each.
pub(super) const MAX_LIST: usize = 100;
/// The most members of a message that nobody knows.
pub(super) const MAX_UNKNOWN: usize = 1_000;
/// The longest tag, in bytes.
const MAX_TAG_BYTES: usize = 256;

/// How long each text of a list may be, in bytes.
#[derive(Clone, Copy)]
pub(super) struct Texts(usize);

/// Subjects and trace ids.
pub(super) const IDS: Texts = Texts(MAX_ID_BYTES);
/// Tags.
pub(super) const TAGS: Texts = Texts(MAX_TAG_BYTES);

/// Refuses a text that names something and is too long for that.
pub(super) fn check(patch: &Patch<'_>) -> Result<(), WireError> {
    for (field, text) in [
        ("conversation_id", &patch.conversation_id),
        ("message_id", &patch.message_id),
        ("user_id", &patch.user_id),
        ("anonymous_id", &patch.anonymous_id),
    ] {
        check_id(field, text.as_deref().unwrap_or_default())?;
    }
    for (field, texts, limit) in [
        ("subjects", &patch.subjects, IDS),
        ("tags", &patch.tags, TAGS),
        ("trace_ids", &patch.trace_ids, IDS),
    ] {
        limit.check(field, texts.as_deref().unwrap_or_default())?;
    }
    Ok(())
}

impl Texts {
    /// Refuses a list that is too long, or that has a text which is.
    pub(super) fn check(self, field: &'static str, texts: &[Text<'_>]) -> Result<(), WireError> {
        let Self(bytes) = self;
        if texts.len() <= MAX_LIST && texts.iter().all(|text| text.len() <= bytes) {
            return Ok(());
        }
        Err(invalid(field, format!("at most {MAX_LIST} texts of at most {bytes} bytes each")))
    }
}

/// Refuses an id that is too long: of a conversation, a user, a message, a subject or a trace.
pub fn check_id(field: &'static str, id: &str) -> Result<(), WireError> {
    if id.len() > MAX_ID_BYTES {
        return Err(invalid(field, format!("at most {MAX_ID_BYTES} bytes")));
    }
    Ok(())
}

fn invalid(field: &'static str, expected: String) -> WireError {
    WireError::InvalidField { field, expected }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_that_names_something_has_a_limit() {
        let id = |bytes| Some(Text::from("x".repeat(bytes)));
        let texts = |count, bytes| Some(vec![Text::from("x".repeat(bytes)); count]);
        let filled = |more: usize| {
            let none = Patch::default;
            [
                Patch { conversation_id: id(1_024 + more), ..none() },
                Patch { message_id: id(1_024 + more), ..none() },
                Patch { user_id: id(1_024 + more), ..none() },
                Patch { anonymous_id: id(1_024 + more), ..none() },
                Patch { subjects: texts(100, 1_024 + more), ..none() },
                Patch { subjects: texts(100 + more, 1), ..none() },
                Patch { tags: texts(100, 256 + more), ..none() },
                Patch { tags: texts(100 + more, 1), ..none() },
                Patch { trace_ids: texts(100, 1_024 + more), ..none() },
                Patch { trace_ids: texts(100 + more, 1), ..none() },
            ]
        };
        assert!(filled(0).iter().all(|patch| check(patch).is_ok()));
        let refusals = filled(1).map(|patch| check(&patch).unwrap_err().to_string());
        insta::assert_snapshot!(refusals.join("\n"), @r"
        conversation_id must be at most 1024 bytes
        message_id must be at most 1024 bytes
        user_id must be at most 1024 bytes
        anonymous_id must be at most 1024 bytes
        subjects must be at most 100 texts of at most 1024 bytes each
        subjects must be at most 100 texts of at most 1024 bytes each
        tags must be at most 100 texts of at most 256 bytes each
        tags must be at most 100 texts of at most 256 bytes each
        trace_ids must be at most 100 texts of at most 1024 bytes each
        trace_ids must be at most 100 texts of at most 1024 bytes each
        ");
        let long_texts = Patch {
            error: id(1 << 20),
            input: id(1 << 20),
            conversation_metadata: id(1 << 20),
            ..Patch::default()
        };
        assert!(check(&long_texts).is_ok());
    }
}
