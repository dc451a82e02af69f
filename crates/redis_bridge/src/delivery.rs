//! From messages to the topic: decoded, written, or a dead letter.

use std::sync::{Mutex, PoisonError};

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

impl Delivery {
    /// Returns when every message is on the topic or among the dead letters, however long that takes.
    pub(crate) async fn deliver(&self, messages: &[Message]) -> Result<(), SendError> {
        let left = Mutex::new(messages.iter().collect::<Vec<_>>());
        let refused = Mutex::new(Vec::new());
        // Decoded again at a second attempt, since the log may have taken the records to itself.
        let attempt = async || {
            let tried = std::mem::take(&mut *locked(&left));
            let (failed, error) = self.attempt(tried, &refused).await;
            *locked(&left) = failed;
            error.map_or(Ok(()), Err)
        };
        let (part, what) = ("kafka", "putting messages on the topic");
        retry::watched(&self.status, part, what, SendError::is_retryable, attempt).await?;
        let refused = refused.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.metrics.count(Fate::produced, messages.len() - refused.len());
        if !refused.is_empty() {
            let letters: Vec<_> = refused
                .iter()
                .map(|(message, reason): &(&Message, Reason)| (message.origin(), &*message.payload, reason))
                .collect();
            self.letters.write_received(&letters).await?;
            self.metrics.count(Fate::dead_letter, refused.len());
        }
        Ok(())
    }

    /// Sends once. Returns the messages that may be sent again, and why they were not taken.
    async fn attempt<'a>(
        &self,
        messages: Vec<&'a Message>,
        refused: &Mutex<Vec<(&'a Message, Reason)>>,
    ) -> (Vec<&'a Message>, Option<SendError>) {
        let (mut sent, mut records) =
            (Vec::with_capacity(messages.len()), Vec::with_capacity(messages.len()));
        let now = Timestamp::now();
        let window = Window::around(now, self.max_event_age_days);
        let intake = Intake { tenant: Tenant::default(), now, window, names: &EventNames::Any };
        for message in messages {
            match self.record(message, &intake) {
                Ok(record) => {
                    sent.push(message);
                    records.push(record);
                }
                Err(reason) => locked(refused).push((message, reason)),
            }
        }
        let (mut failed, mut error) = (Vec::new(), None);
        for (message, outcome) in sent.into_iter().zip(self.producer.send_all(records).await) {
            match outcome {
                Ok(_) => {}
                Err(too_large @ SendError::TooLarge { .. }) => {
                    locked(refused).push((message, Reason::new(TOO_LARGE, too_large)));
                }
                Err(away) => {
                    failed.push(message);
                    error = Some(away);
                }
            }
        }
        (failed, error)
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

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
