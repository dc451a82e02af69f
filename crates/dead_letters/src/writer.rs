//! Writes dead letters to their topic.

use std::collections::BTreeMap;

use bus::{Delivery, Producer, Record, SendError};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use model::message;
use runtime::retry;
use runtime::status::Status;

use crate::format::{letter, received, truncated};
use crate::{Origin, Reason, by_reason};

/// So many letters are on their way at once.
const AT_ONCE: usize = 256;

/// Writes dead letters, however long that takes.
pub struct Writer {
    /// Sends to the topic of dead letters.
    pub producer: Producer,
    /// The topic that the messages come from.
    pub topic: String,
    /// Says what is being waited for.
    pub status: Status,
}

impl Writer {
    /// Returns when all rejected deliveries, by their index, are on the topic.
    pub async fn write_all(
        &self,
        deliveries: &[Delivery],
        rejects: &[(usize, Reason)],
    ) -> Result<(), SendError> {
        log(deliveries, rejects);
        let letter = |(index, reason): &(usize, Reason)| {
            deliveries.get(*index).map(|delivery| letter(&self.topic, delivery, reason))
        };
        self.write_letters(rejects.iter().filter_map(letter)).await
    }

    /// Returns when all of these messages, which never were on the topic, are among the dead letters.
    pub async fn write_received(&self, messages: &[(Origin, &[u8], &Reason)]) -> Result<(), SendError> {
        let mut firsts = BTreeMap::<_, (usize, &Origin)>::new();
        for (origin, _, reason) in messages {
            firsts.entry(reason.code).or_insert((0, origin)).0 += 1;
        }
        for (reason, (count, origin)) in firsts {
            tracing::warn!(
                reason,
                count,
                channel = origin.channel,
                entry = origin.entry,
                "messages go to the dead letters, the first from here"
            );
        }
        self.write_letters(messages.iter().map(|(origin, value, reason)| received(origin, value, reason)))
            .await
    }

    async fn write_letters(&self, letters: impl Iterator<Item = Record>) -> Result<(), SendError> {
        // Not all at once: they may be the whole batch again.
        let mut waiting = FuturesUnordered::new();
        for letter in letters {
            if waiting.len() == AT_ONCE {
                waiting.next().await.transpose()?;
            }
            waiting.push(self.write(letter));
        }
        while waiting.next().await.transpose()?.is_some() {}
        Ok(())
    }

    async fn write(&self, letter: Record) -> Result<(), SendError> {
        match self.send(&letter).await {
            // The topic takes less than it was made for: what the message said is still where it was.
            Err(SendError::TooLarge { .. }) => self.send(&truncated(letter)).await,
            sent => sent,
        }
    }

    async fn send(&self, record: &Record) -> Result<(), SendError> {
        let send = || self.producer.send(record.clone());
        retry::watched(&self.status, "dead letters", "writing a dead letter", SendError::is_retryable, send)
            .await?;
        Ok(())
    }
}

/// Logs how many rejects there are of each reason, and where the first is. Not the sentence of the reason: it
/// may quote the message.
fn log(deliveries: &[Delivery], rejects: &[(usize, Reason)]) {
    for (reason, count) in by_reason(rejects) {
        let first = rejects.iter().find(|(_, one)| one.code == reason);
        let first = first.and_then(|(index, _)| deliveries.get(*index));
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
}

/// The request that a message comes from, if its header says so in a way that can stand in a log.
fn request_id(delivery: &Delivery) -> Option<&str> {
    let (_, id) = delivery.headers.iter().find(|(name, _)| name == message::REQUEST_ID)?;
    let usable = (1..=128).contains(&id.len()) && id.iter().all(u8::is_ascii_graphic);
    str::from_utf8(id).ok().filter(|_| usable)
}
