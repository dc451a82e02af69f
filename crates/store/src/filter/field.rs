//! The fields that questions may name.

use std::fmt;

use serde::{Serialize, Serializer};

use super::FilterError;

const MAX_PATH_BYTES: usize = 256;

/// What an event says under one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// `event_name`
    EventName,
    /// `source`: the dialect that it came in.
    Source,
    /// `kind`
    Kind,
    /// `conversation_id`
    ConversationId,
    /// `user_id`
    UserId,
    /// `anonymous_id`
    AnonymousId,
    /// `user`: the user id, else `anon:` and the anonymous id.
    User,
    /// `message_id`
    MessageId,
    /// `error`
    Error,
    /// `latency` in milliseconds, the one number.
    Latency,
    /// `input`
    Input,
    /// `output`
    Output,
    /// `tags`, a list.
    Tags,
    /// `subjects`, a list.
    Subjects,
    /// `trace_ids`, a list.
    TraceIds,
    /// `properties.a.b`: b in a in the properties.
    Properties(Path),
    /// `context.a.b`
    Context(Path),
}

/// Names that lead into an object, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(String);

const COLUMNS: [(&str, Field); 15] = [
    ("event_name", Field::EventName),
    ("source", Field::Source),
    ("kind", Field::Kind),
    ("conversation_id", Field::ConversationId),
    ("user_id", Field::UserId),
    ("anonymous_id", Field::AnonymousId),
    ("user", Field::User),
    ("message_id", Field::MessageId),
    ("error", Field::Error),
    ("latency", Field::Latency),
    ("input", Field::Input),
    ("output", Field::Output),
    ("tags", Field::Tags),
    ("subjects", Field::Subjects),
    ("trace_ids", Field::TraceIds),
];

/// Of all fields that are not paths.
pub(super) fn names() -> String {
    COLUMNS.map(|(name, _)| name).join(", ")
}

impl Field {
    /// All that are not paths.
    pub(crate) fn columns() -> impl Iterator<Item = Self> {
        COLUMNS.into_iter().map(|(_, field)| field)
    }

    /// The field of this name.
    pub fn parse(name: &str) -> Result<Self, FilterError> {
        if let Some((_, field)) = COLUMNS.into_iter().find(|(known, _)| *known == name) {
            return Ok(field);
        }
        let path = |path: &str| Path::parse(path).ok_or_else(|| FilterError::Path(cut(name)));
        match name.split_once('.') {
            Some(("properties", rest)) => Ok(Self::Properties(path(rest)?)),
            Some(("context", rest)) => Ok(Self::Context(path(rest)?)),
            _ => Err(FilterError::Field(cut(name))),
        }
    }
}

impl Field {
    /// At a path of the properties that this program names itself.
    pub(crate) fn property(path: &'static str) -> Self {
        Self::Properties(Path(path.to_owned()))
    }

    /// The same of the context.
    pub(crate) fn of_context(path: &'static str) -> Self {
        Self::Context(Path(path.to_owned()))
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Properties(Path(path)) => write!(f, "properties.{path}"),
            Self::Context(Path(path)) => write!(f, "context.{path}"),
            column => {
                f.write_str(COLUMNS.iter().find(|(_, known)| known == column).map_or("", |(name, _)| name))
            }
        }
    }
}

impl Path {
    /// `None` if it can't be one. The server has a meaning of its own for backticks in paths.
    fn parse(text: &str) -> Option<Self> {
        let plain = !text.contains(|c: char| c.is_control() || c == '`');
        let fits = text.len() <= MAX_PATH_BYTES && !text.split('.').any(str::is_empty);
        (plain && fits).then(|| Self(text.to_owned()))
    }

    /// With points between its names.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Its names.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.split('.')
    }
}

/// As much of it as an error shows.
fn cut(name: &str) -> String {
    name.chars().take(64).collect()
}
