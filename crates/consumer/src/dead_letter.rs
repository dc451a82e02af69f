//! What can't be written, with the reason: the original bytes, key and headers on a topic of their own.

use std::collections::BTreeMap;

use bus::{Delivery, Producer, Record, SendError};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use model::Timestamp;
use runtime::retry;
use runtime::status::Status;

/// So many are on their way at once.
const AT_ONCE: usize = 256;

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

    /// Whether a bad deployment would show in this way too: a consumer too old, or another table.
    pub(crate) fn may_be_a_deployments(&self) -> bool {
        matches!(self.code, "newer_format" | "refused")
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
    /// Returns when all rejected deliveries, by their index, are on the topic. Tells how many there
    /// were of each reason.
    pub(crate) async fn bury_all(
        &self,
        deliveries: &[Delivery],
        rejects: &[(usize, Reason)],
    ) -> Result<BTreeMap<&'static str, usize>, SendError> {
        let mut counts = BTreeMap::<_, (usize, &Reason)>::new();
        for (_, reason) in rejects {
            counts.entry(reason.code).or_insert((0, reason)).0 += 1;
        }
        for (reason, (count, first)) in &counts {
            tracing::warn!(reason, count, error = first.text, "messages go to the dead letters");
        }
        // Not all at once: they may be the whole batch again.
        let mut waiting = FuturesUnordered::new();
        for (index, reason) in rejects {
            let Some(delivery) = deliveries.get(*index) else { continue };
            if waiting.len() == AT_ONCE {
                waiting.next().await.transpose()?;
            }
            waiting.push(self.bury(letter(&self.topic, delivery, reason)));
        }
        while waiting.next().await.transpose()?.is_some() {}
        Ok(counts.into_iter().map(|(reason, (count, _))| (reason, count)).collect())
    }

    async fn bury(&self, letter: Record) -> Result<(), SendError> {
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

/// The same letter without what the message said and the headers it had, for a topic that does not
/// take it whole: it tells where the message is.
fn truncated(whole: Record) -> Record {
    let mut headers = whole.headers;
    headers.retain(|(name, _)| name.starts_with("millrace-"));
    headers.push(("millrace-truncated".to_owned(), whole.value.len().to_string().into_bytes()));
    Record { value: Vec::new(), headers, ..whole }
}

/// The letter's headers come behind the original ones.
fn letter(topic: &str, delivery: &Delivery, reason: &Reason) -> Record {
    let mut headers = delivery.headers.clone();
    let added = [
        ("millrace-reason", reason.code.to_owned()),
        ("millrace-error", reason.text.chars().take(1_000).collect()),
        ("millrace-topic", topic.to_owned()),
        ("millrace-partition", delivery.partition.to_string()),
        ("millrace-offset", delivery.offset.to_string()),
        ("millrace-time", Timestamp::now().to_string()),
    ];
    headers.extend(added.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes())));
    Record { key: delivery.key.clone(), at: Timestamp::default(), value: delivery.value.clone(), headers }
}
