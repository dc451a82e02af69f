//! Messages and their marks on the way to their topics, in transactions.

use bus::{AtomicProducer, BusError, Channels, Record, Topic, TransactError};

use crate::Letter;
use crate::marks::mark;

/// What one transaction holds at most. They should be short: nobody reads past one that is open.
const LETTERS: usize = 500;
const BYTES: usize = 1 << 20;

/// Sends a message and its mark together or not at all. The only one at work on its topics.
pub(crate) struct Outbox {
    producer: AtomicProducer,
    events: Topic,
    marks: Topic,
    waiting: Vec<Waiting>,
    bytes: usize,
}

struct Waiting {
    letter: i64,
    message: Record,
    mark: Record,
}

/// What became of letters that were sent.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    pub(crate) replayed: usize,
    /// The ids of letters that were not sent, and why.
    pub(crate) refused: Vec<(i64, TransactError)>,
}

impl Outbox {
    /// Ends whoever else is at work, and waits until all that was sent before can be seen.
    pub(crate) async fn open(channels: &Channels) -> Result<Self, BusError> {
        let Channels { bus, events, replayed, .. } = channels;
        channels.ensure_topics().await?;
        bus.ensure_topic(replayed).await?;
        let largest = events.max_record_bytes.max(replayed.max_record_bytes);
        Ok(Self {
            producer: bus.atomic_producer(&replayed.name, largest).await?,
            events: events.clone(),
            marks: replayed.clone(),
            waiting: Vec::new(),
            bytes: 0,
        })
    }

    /// Takes a message; sends those that wait when they are enough.
    pub(crate) async fn push(&mut self, letter: &Letter, message: Record) -> Result<Sent, TransactError> {
        let waiting = Waiting { letter: letter.id, message, mark: mark(letter) };
        self.bytes += waiting.message.bytes() + waiting.mark.bytes();
        self.waiting.push(waiting);
        if self.waiting.len() < LETTERS && self.bytes < BYTES {
            return Ok(Sent::default());
        }
        self.flush().await
    }

    /// Sends all that wait. One that is too large is refused and costs no other.
    pub(crate) async fn flush(&mut self) -> Result<Sent, TransactError> {
        self.bytes = 0;
        let waiting = std::mem::take(&mut self.waiting);
        match self.send(&waiting).await {
            Err(TransactError::TooLarge { .. }) => {}
            sent => return sent.map(|()| Sent { replayed: waiting.len(), refused: Vec::new() }),
        }
        let mut sent = Sent::default();
        for one in waiting.chunks(1) {
            match (self.send(one).await, one) {
                (Err(error @ TransactError::TooLarge { .. }), [one]) => {
                    sent.refused.push((one.letter, error));
                }
                (outcome, _) => {
                    outcome?;
                    sent.replayed += 1;
                }
            }
        }
        Ok(sent)
    }

    async fn send(&mut self, some: &[Waiting]) -> Result<(), TransactError> {
        let Self { producer, events, marks, .. } = self;
        let pairs =
            some.iter().flat_map(|one| [(&*events, one.message.clone()), (&*marks, one.mark.clone())]);
        match pairs.collect::<Vec<_>>() {
            none if none.is_empty() => Ok(()),
            records => producer.send(&records).await,
        }
    }
}
