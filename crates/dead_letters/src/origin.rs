//! Where a message came from that never was on the topic of events.

use std::fmt;

use serde::Serialize;

/// A channel, or an entry of a stream, of Redis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The channel or the stream.
    pub channel: String,
    /// The entry's id in the stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.entry {
            None => write!(f, "redis {}", self.channel),
            Some(entry) => write!(f, "redis {}@{entry}", self.channel),
        }
    }
}
