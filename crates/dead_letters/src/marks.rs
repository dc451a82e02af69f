//! Which messages have been put back, from a topic that says so.

use std::collections::HashMap;

use bus::{Channels, From, Record};
use model::Timestamp;
use serde_json::json;

use crate::{DeadLettersError, Letter, Place};

/// The places of messages that have been put back, and when that was.
#[derive(Default)]
pub(crate) struct Marks(HashMap<String, Timestamp>);

impl Marks {
    pub(crate) async fn read(channels: &Channels) -> Result<Self, DeadLettersError> {
        let Channels { bus, replayed, .. } = channels;
        let mut marks = HashMap::new();
        if bus.has_topic(replayed).await? {
            let mut range = bus.read_range(replayed, From::Beginning).await?;
            while let Some(mark) = range.next().await.transpose()? {
                let place = String::from_utf8_lossy(&mark.key.unwrap_or_default()).into_owned();
                marks.insert(place, mark.append_ms.and_then(Timestamp::from_millis).unwrap_or_default());
            }
        }
        Ok(Self(marks))
    }

    /// When the message at this place was put back for the last time.
    pub(crate) fn of(&self, place: &Place) -> Option<Timestamp> {
        self.0.get(&place.to_string()).copied()
    }
}

/// The record that says that a letter's message was put back.
pub(crate) fn mark(letter: &Letter) -> Record {
    let value = json!({ "letter": letter.id, "reason": letter.reason, "event_id": letter.event_id() });
    Record {
        key: Some(letter.place.to_string().into_bytes()),
        value: value.to_string().into_bytes(),
        ..Record::default()
    }
}
