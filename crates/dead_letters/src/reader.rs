//! Letters from their topic, one after the other.

use bus::{Channels, RangeReader};

use crate::{DeadLettersError, Filter, Letter};

/// Reads the letters that match a filter, of those that were on the topic when the reader was opened.
pub(crate) struct Letters {
    topic: String,
    filter: Filter,
    /// `None` as long as there is no such topic, and at the end.
    range: Option<RangeReader>,
}

impl Letters {
    pub(crate) async fn open(channels: &Channels, filter: Filter) -> Result<Self, DeadLettersError> {
        let Channels { bus, dead_letters, .. } = channels;
        let range = if bus.has_topic(dead_letters).await? {
            Some(bus.read_range(dead_letters, filter.start()).await?)
        } else {
            None
        };
        Ok(Self { topic: dead_letters.name.clone(), filter, range })
    }

    /// The next letter; `None` at the end. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Result<Option<Letter>, DeadLettersError> {
        while let Some(range) = &mut self.range {
            let Some(delivery) = range.next().await.transpose()? else { break };
            let letter = Letter::read(&self.topic, delivery);
            if self.filter.matches(&letter) {
                return Ok(Some(letter));
            }
            if self.filter.is_past(&letter) {
                break;
            }
        }
        self.range = None;
        Ok(None)
    }

    /// How many letters have yet to be looked at.
    pub(crate) fn remaining(&self) -> i64 {
        self.range.as_ref().map_or(0, RangeReader::remaining)
    }
}
