//! Letters from their topic, one after the other.

use bus::{Channels, Stretch};

use super::error::LettersError;
use super::filter::Filter;
use super::letter::Letter;

/// Those that match, of the letters that were there when this was opened.
pub(super) struct Letters {
    topic: String,
    filter: Filter,
    /// `None` as long as there is no such topic, and at the end.
    stretch: Option<Stretch>,
}

impl Letters {
    pub(super) async fn open(channels: &Channels, filter: Filter) -> Result<Self, LettersError> {
        let Channels { bus, dead_letters, .. } = channels;
        let stretch = if bus.has_topic(dead_letters).await? {
            Some(bus.stretch(dead_letters, filter.start()).await?)
        } else {
            None
        };
        Ok(Self { topic: dead_letters.name.clone(), filter, stretch })
    }

    /// The next one; `None` at the end. Cancel-safe.
    pub(super) async fn next(&mut self) -> Result<Option<Letter>, LettersError> {
        while let Some(stretch) = &mut self.stretch {
            let Some(delivery) = stretch.next().await.transpose()? else { break };
            let letter = Letter::read(&self.topic, delivery);
            if self.filter.matches(&letter) {
                return Ok(Some(letter));
            }
            if self.filter.is_past(&letter) {
                break;
            }
        }
        self.stretch = None;
        Ok(None)
    }

    /// How many letters have yet to be looked at.
    pub(super) fn remaining(&self) -> i64 {
        self.stretch.as_ref().map_or(0, Stretch::remaining)
    }
}
