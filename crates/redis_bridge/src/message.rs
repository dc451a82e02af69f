//! What was published, and where.

use std::sync::Arc;

use dead_letters::Origin;
use model::Timestamp;

/// What a message takes in memory beside its texts, in bytes.
const OVERHEAD: usize = 256;

/// One message, not yet decoded.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) place: Place,
    pub(crate) payload: Vec<u8>,
    /// When Redis added the entry; of a message on a channel, when it came. An event that names no time has this one,
    /// however often the message is delivered.
    pub(crate) at: Timestamp,
}

/// Where a message was published.
#[derive(Debug)]
pub(crate) enum Place {
    /// On a channel.
    Channel(Vec<u8>),
    /// In a stream, as an entry with this id.
    Stream(Arc<str>, Vec<u8>),
}

impl Message {
    /// What was published on a channel, just now.
    pub(crate) fn published(channel: Vec<u8>, payload: Vec<u8>) -> Self {
        Self { place: Place::Channel(channel), payload, at: Timestamp::now() }
    }

    /// An entry of a stream.
    pub(crate) fn added(stream: &Arc<str>, id: Vec<u8>, payload: Vec<u8>) -> Self {
        let at = added_at(&id).unwrap_or_else(Timestamp::now);
        Self { place: Place::Stream(Arc::clone(stream), id), payload, at }
    }

    /// What it takes in memory, more or less.
    pub(crate) fn bytes(&self) -> usize {
        let place = match &self.place {
            Place::Channel(name) => name.len(),
            Place::Stream(_, entry) => entry.len(),
        };
        OVERHEAD + self.payload.len() + place
    }

    /// As a dead letter tells it.
    pub(crate) fn origin(&self) -> Origin {
        match &self.place {
            Place::Channel(name) => {
                Origin { channel: String::from_utf8_lossy(name).into_owned(), entry: None }
            }
            Place::Stream(name, entry) => {
                let entry = String::from_utf8_lossy(entry).into_owned();
                Origin { channel: name.to_string(), entry: Some(entry) }
            }
        }
    }
}

/// The milliseconds that an entry's id begins with, such as `1763674633123-0`.
fn added_at(id: &[u8]) -> Option<Timestamp> {
    let (millis, _) = str::from_utf8(id).ok()?.split_once('-')?;
    Timestamp::from_millis(millis.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_the_time_of_its_id() {
        let at = |id: &str| added_at(id.as_bytes()).map(Timestamp::millis);
        assert_eq!(at("1763674633123-7"), Some(1_763_674_633_123));
        assert_eq!(
            (at("1-1"), at("x-1"), at("-1"), at("18446744073709551615-0")),
            (Some(1), None, None, None)
        );
    }
}
