//! From messages to the topic: decoded, written, or a dead letter.

use bus::{Producer, Record, SendError};
use dead_letters::{Reason, TENANT_NOT_ALLOWED, TOO_LARGE, UNDECODABLE, Writer};
use model::wire::{Intake, redis};
use model::{EventNames, Operation, Tenant, Timestamp, Window};
use runtime::retry;
use runtime::status::Status;

use crate::Metrics;
use crate::message::Message;
use crate::metrics::Fate;
use crate::tenants::Tenants;

/// At most so many messages are decoded and sent in one go.
pub(crate) const BATCH: usize = 1_000;
/// At most so many batches are on their way at once, of subscriptions and as many of streams.
pub(crate) const BATCHES: usize = 16;

/// What messages are made of and where they go. Shared by all batches on their way.
pub(crate) struct Delivery {
    pub(crate) producer: Producer,
    pub(crate) letters: Writer,
    pub(crate) tenants: Tenants,
    pub(crate) max_event_age_days: u32,
    pub(crate) status: Status,
    pub(crate) metrics: Metrics,
}

/// How far a batch has come.
struct Progress<'a> {
    /// Messages that are not on the topic yet.
    left: Vec<&'a Message>,
    /// Messages that never will be, and why.
    refused: Vec<(&'a Message, Reason)>,
}

impl Delivery {
    /// Returns when every message is on the topic or among the dead letters, however long that takes.
    pub(crate) async fn deliver(&self, messages: &[Message]) -> Result<(), SendError> {
        let (part, what) = ("kafka", "putting messages on the topic");
        let begun = Progress { left: messages.iter().collect(), refused: Vec::new() };
        let attempt = |progress| self.attempt(progress);
        let attempts = retry::watched_with(&self.status, part, what, SendError::is_retryable, begun, attempt);
        let (Progress { refused, .. }, outcome) = attempts.await;
        outcome?;
        self.metrics.count(Fate::produced, messages.len() - refused.len());
        if !refused.is_empty() {
            let letters: Vec<_> = refused
                .iter()
                .map(|(message, reason)| (message.origin(), &*message.payload, reason))
                .collect();
            self.letters.write_received(&letters).await?;
            self.metrics.count(Fate::dead_letter, refused.len());
        }
        Ok(())
    }

    /// Sends what is left once. Messages are decoded anew, since the log may have taken the records to itself.
    async fn attempt<'a>(&self, progress: Progress<'a>) -> (Progress<'a>, Result<(), SendError>) {
        let Progress { left, mut refused } = progress;
        let (mut sent, mut records) = (Vec::with_capacity(left.len()), Vec::with_capacity(left.len()));
        let now = Timestamp::now();
        let window = Window::around(now, self.max_event_age_days);
        let intake = Intake { tenant: Tenant::default(), now, window, names: &EventNames::Any };
        for message in left {
            match self.record(message, &intake) {
                Ok(record) => {
                    sent.push(message);
                    records.push(record);
                }
                Err(reason) => refused.push((message, reason)),
            }
        }
        let (mut left, mut outcome) = (Vec::new(), Ok(()));
        for (message, sending) in sent.into_iter().zip(self.producer.send_all(records).await) {
            match sending {
                Ok(_) => {}
                Err(too_large @ SendError::TooLarge { .. }) => {
                    refused.push((message, Reason::new(TOO_LARGE, too_large)));
                }
                Err(away) => {
                    left.push(message);
                    outcome = Err(away);
                }
            }
        }
        (Progress { left, refused }, outcome)
    }

    fn record(&self, message: &Message, intake: &Intake<'_>) -> Result<Record, Reason> {
        // A publisher may give entries ids that are no times.
        let at = Some(message.at).filter(|at| intake.window.contains(*at)).unwrap_or(intake.now);
        let operation =
            redis::decode(&message.payload, at, intake).map_err(|error| Reason::new(UNDECODABLE, error))?;
        match &operation {
            Operation::Create(event) if !self.tenants.allow(&event.tenant) => {
                let text = format!("REDIS_TENANTS does not name {}", event.tenant);
                Err(Reason::new(TENANT_NOT_ALLOWED, text))
            }
            _ => Ok(Record::from(&operation)),
        }
    }
}
