//! What can't be written, with the reason: the original bytes, key and headers on a topic of their own.

use std::collections::BTreeMap;

use bus::{Delivery, Producer, Record, SendError};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use model::{Timestamp, message};
use runtime::retry;
use runtime::status::Status;

/// So many are on their way at once.
const AT_ONCE: usize = 256;

/// What the headers of a letter's own are called: these, and those behind.
pub(crate) const HEADERS: &str = "millrace-";
/// A stable word for what is wrong.
pub(crate) const REASON: &str = "millrace-reason";
/// A sentence that says what is wrong.
pub(crate) const ERROR: &str = "millrace-error";
/// Where the message was.
pub(crate) const TOPIC: &str = "millrace-topic";
/// In which partition.
pub(crate) const PARTITION: &str = "millrace-partition";
/// At which offset.
pub(crate) const OFFSET: &str = "millrace-offset";
/// When it became a letter, by the consumer's clock.
pub(crate) const TIME: &str = "millrace-time";
/// How many bytes the message's value has, if it is left out.
pub(crate) const TRUNCATED: &str = "millrace-truncated";

/// How many headers a letter has of its own.
const OWN_HEADERS: usize = 6;

/// Of what is kept of a message that is left out, in bytes. An event's id is shorter.
const LONGEST_KEY: usize = 256;

/// The reason of a message of a format that is not known yet.
pub(crate) const NEWER_FORMAT: &str = "newer_format";
/// The reason of an operation whose row the table does not take.
pub(crate) const REFUSED: &str = "refused";
/// The reason of an update that finds no event.
pub(crate) const UNKNOWN_EVENT: &str = "unknown_event";

/// The reason of an update of an event whose row in the table was written by somebody else, and is impossible.
pub(crate) const FOREIGN_ROW: &str = "foreign_row";

/// Why a delivery became a dead letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    /// A stable word.
    pub(crate) code: &'static str,
    /// A sentence.
    pub(crate) text: String,
}

impl Reason {
    pub(crate) fn new(code: &'static str, text: impl ToString) -> Self {
        Self { code, text: text.to_string() }
    }
}

/// Writes dead letters, however long that takes.
pub(crate) struct DeadLetters {
    pub(crate) producer: Producer,
    /// The topic that the messages come from.
    pub(crate) topic: String,
    /// Says what is being waited for.
    pub(crate) status: Status,
}

impl DeadLetters {
    /// Returns when all rejected deliveries, by their index, are on the topic.
    pub(crate) async fn write_all(
        &self,
        deliveries: &[Delivery],
        rejects: &[(usize, Reason)],
    ) -> Result<(), SendError> {
        for (reason, count) in by_reason(rejects) {
            let first = rejects.iter().find(|(_, one)| one.code == reason);
            let first = first.and_then(|(index, _)| deliveries.get(*index));
            // The sentence of a reason may quote the message.
            let (partition, offset) = first.map(|first| (first.partition, first.offset)).unzip();
            let request_id = first.and_then(request_id);
            tracing::warn!(
                reason,
                count,
                partition,
                offset,
                request_id,
                "messages go to the dead letters, the first from here"
            );
        }
        // Not all at once: they may be the whole batch again.
        let mut waiting = FuturesUnordered::new();
        for (index, reason) in rejects {
            let Some(delivery) = deliveries.get(*index) else { continue };
            if waiting.len() == AT_ONCE {
                waiting.next().await.transpose()?;
            }
            waiting.push(self.write(letter(&self.topic, delivery, reason)));
        }
        while waiting.next().await.transpose()?.is_some() {}
        Ok(())
    }

    async fn write(&self, letter: Record) -> Result<(), SendError> {
        match self.post(&letter).await {
            // The topic takes less than it was made for: what the message said is still where it was.
            Err(SendError::TooLarge { .. }) => self.post(&truncated(letter)).await,
            sent => sent,
        }
    }

    async fn post(&self, record: &Record) -> Result<(), SendError> {
        let send = || self.producer.send(record.clone());
        retry::watched(&self.status, "dead letters", "writing a dead letter", SendError::is_retryable, send)
            .await?;
        Ok(())
    }
}

/// The request that a message comes from, if its header says so in a way that can stand in a log.
fn request_id(delivery: &Delivery) -> Option<&str> {
    let (_, id) = delivery.headers.iter().find(|(name, _)| name == message::REQUEST_ID)?;
    let usable = (1..=128).contains(&id.len()) && id.iter().all(u8::is_ascii_graphic);
    str::from_utf8(id).ok().filter(|_| usable)
}

/// How many rejects there are of each reason.
pub(crate) fn by_reason(rejects: &[(usize, Reason)]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for (_, reason) in rejects {
        *counts.entry(reason.code).or_default() += 1;
    }
    counts
}

/// The same letter without what the message said, the headers it had, and a key that is none, for a
/// topic that does not take it whole: it tells where the message is.
fn truncated(mut whole: Record) -> Record {
    let mut headers = whole.headers.split_off(whole.headers.len().saturating_sub(OWN_HEADERS));
    headers.push((TRUNCATED.to_owned(), whole.value.len().to_string().into_bytes()));
    let key = whole.key.filter(|key| key.len() <= LONGEST_KEY);
    Record { key, value: Vec::new(), headers, at: whole.at }
}

/// The letter's headers come behind the original ones.
fn letter(topic: &str, delivery: &Delivery, reason: &Reason) -> Record {
    let mut headers = delivery.headers.clone();
    let added: [_; OWN_HEADERS] = [
        (REASON, reason.code.to_owned()),
        (ERROR, reason.text.chars().take(1_000).collect()),
        (TOPIC, topic.to_owned()),
        (PARTITION, delivery.partition.to_string()),
        (OFFSET, delivery.offset.to_string()),
        (TIME, Timestamp::now().to_string()),
    ];
    headers.extend(added.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes())));
    Record { key: delivery.key.clone(), at: Timestamp::default(), value: delivery.value.clone(), headers }
}
