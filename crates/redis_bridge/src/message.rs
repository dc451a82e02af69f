//! What was published, and where.

use std::sync::Arc;

use dead_letters::Origin;

/// What a message takes in memory beside its texts, in bytes.
const OVERHEAD: usize = 256;

/// One message, not yet decoded.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) place: Place,
    pub(crate) payload: Vec<u8>,
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
