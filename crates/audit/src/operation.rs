//! What was done to which event, and where in the topic that is.

use std::fmt;

use model::EventKey;
use sha2::{Digest as _, Sha256};

use crate::digest::Digest;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Creates an event.
    Create,
    /// Updates an event.
    Update,
    /// Deletes an event.
    Delete,
}

impl Kind {
    /// Every kind of operation.
    pub const ALL: [Self; 3] = [Self::Create, Self::Update, Self::Delete];

    /// The word that messages have for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// The kind that a message's word names; `None` for another word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A record's place in the topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The partition.
    pub partition: i32,
    /// The offset in it.
    pub offset: i64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "partition {} offset {}", self.partition, self.offset)
    }
}

/// An operation, as far as its record has to be told from all others.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Operation {
    /// What it does.
    pub kind: Kind,
    /// The event that it is done to.
    pub key: EventKey,
    /// The `input` that it sets, if any.
    pub input: Option<String>,
    /// The field that it sets to a large text, if any, and that text.
    pub large: Option<(&'static str, Digest)>,
    /// The [`hashed`] key of an update that has one.
    pub idempotency_key: Option<u64>,
}

/// What a table has of a key as sent: the first 8 bytes of its SHA-256.
pub fn hashed(key: &[u8]) -> u64 {
    Sha256::digest(key).iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

impl Operation {
    /// An operation without a large text and without a key.
    pub fn new(kind: Kind, key: EventKey, input: Option<String>) -> Self {
        Self { kind, key, input, large: None, idempotency_key: None }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, key, input, large, idempotency_key } = self;
        write!(f, "{} of {} of tenant {}", kind.as_str(), key.id, key.tenant)?;
        if let Some(input) = input {
            write!(f, " ({input:?})")?;
        }
        if let Some((field, digest)) = large {
            write!(f, " with {field} of {digest}")?;
        }
        idempotency_key.map_or(Ok(()), |key| write!(f, " with key {key:016x}"))
    }
}
