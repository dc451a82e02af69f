//! Lists dead letters, the oldest first.

use bus::Channels;
use model::Timestamp;
use serde::Serialize;

use crate::marks::Marks;
use crate::reader::Letters;
use crate::{DeadLettersError, Filter, Letter, Origin};

/// What a list tells of a letter.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// The letter's offset on the topic of dead letters.
    pub id: i64,
    /// When the letter came there.
    pub time: Timestamp,
    /// A stable word for what is wrong.
    pub reason: String,
    /// The event that the message is about, as far as that can be told.
    pub event_id: Option<String>,
    /// The topic that the message was on.
    pub topic: String,
    /// The partition that the message was in.
    pub partition: i32,
    /// The offset that the message was at.
    pub offset: i64,
    /// Where the message came from, if it never was on a topic: `channel` and `entry`.
    #[serde(flatten)]
    pub origin: Option<Origin>,
    /// A sentence that says what is wrong.
    pub error: String,
    /// How many bytes the message's value has.
    pub bytes: usize,
    /// Whether the message is too large to be in the letter.
    pub truncated: bool,
    /// When the message was put back for the last time.
    pub replayed_at: Option<Timestamp>,
}

impl Summary {
    fn new(letter: Letter, marks: &Marks) -> Self {
        Self {
            id: letter.id,
            time: letter.at,
            event_id: letter.event_id(),
            bytes: letter.bytes(),
            truncated: letter.left_out.is_some(),
            replayed_at: marks.of(&letter.place),
            reason: letter.reason,
            topic: letter.place.topic,
            partition: letter.place.partition,
            offset: letter.place.offset,
            origin: letter.origin,
            error: letter.error,
        }
    }
}

/// The letters that match a filter, of those that were there when this was opened.
pub struct List {
    letters: Letters,
    marks: Marks,
}

impl List {
    /// Begins to list letters.
    pub async fn open(channels: &Channels, filter: Filter) -> Result<Self, DeadLettersError> {
        let marks = Marks::read(channels).await?;
        Ok(Self { letters: Letters::open(channels, filter).await?, marks })
    }

    /// The next letter; `None` at the end. Cancel-safe.
    pub async fn next(&mut self) -> Result<Option<Summary>, DeadLettersError> {
        let letter = self.letters.next().await?;
        Ok(letter.map(|letter| Summary::new(letter, &self.marks)))
    }
}
