//! One batch into the table: decode, look up, fold, insert, and dead letters for the rest.

use std::collections::{BTreeMap, HashMap};

use bus::{Delivery, Producer, Record, SendError};
use futures_util::{StreamExt, stream};
use model::{EventKey, Position, message};
use runtime::retry;
use runtime::status::Status;
use store::{Store, StoreError, Stored};

use crate::cache::Cache;
use crate::dead_letter::{Reason, letter, truncated};
use crate::fold::{Fate, Outcome, Step, fold, updated_keys};

/// So many dead letters are on their way at once.
const LETTERS_AT_ONCE: usize = 256;

/// Writes batches, one after the other. Whatever is away is waited for.
pub(crate) struct Applier {
    pub(crate) store: Store,
    pub(crate) letters: Producer,
    /// Where the deliveries come from, for the letters.
    pub(crate) topic: String,
    pub(crate) cache: Cache,
    /// Says what is being waited for.
    pub(crate) status: Status,
}

/// How many operations met which fate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) rows: usize,
    pub(crate) folded: usize,
    pub(crate) replays: usize,
    pub(crate) of_deleted: usize,
    pub(crate) dead_letters: usize,
}

/// Deliveries that are operations, and why the others are none. Indexes are into the batch.
struct Decoded {
    indexes: Vec<usize>,
    steps: Vec<Step>,
    rejects: Vec<(usize, Reason)>,
}

impl Applier {
    /// Returns when every delivery is in the table or on the dead-letter topic.
    pub(crate) async fn apply(&mut self, deliveries: &[Delivery]) -> anyhow::Result<Tally> {
        let Decoded { indexes, steps, mut rejects } = decode_all(deliveries);
        let updated = updated_keys(&steps);
        let (mut stored, missing) = self.cache.split(&updated);
        stored.extend(self.look_up(&missing).await?);

        let keys: Vec<_> = steps.iter().map(|step| step.operation.key()).collect();
        let Outcome { mut rows, mut fates } = fold(steps, &stored);
        for refused in self.insert(&rows).await? {
            // Its key's messages again, one by one, to find the one at fault.
            let own: Vec<_> = (0..keys.len()).filter(|step| keys.get(*step) == Some(&refused)).collect();
            let own =
                own.into_iter().filter_map(|step| Some((step, *indexes.get(step)?))).collect::<Vec<_>>();
            rows.retain(|(key, _)| *key != refused);
            rows.extend(self.find_culprits(&own, deliveries, &stored, &mut fates, &mut rejects).await?);
        }

        for (fate, index) in fates.iter().zip(&indexes) {
            if *fate == Fate::UnknownEvent {
                rejects
                    .push((*index, Reason::new("unknown_event", "an update of an event that is not there")));
            }
        }
        rejects.sort_by_key(|(index, _)| *index);
        rejects.dedup_by_key(|(index, _)| *index);
        self.bury_all(deliveries, &rejects).await?;
        let count = |wanted| fates.iter().filter(|fate| **fate == wanted).count();
        let tally = Tally {
            rows: rows.len(),
            folded: count(Fate::Folded),
            replays: count(Fate::Replay),
            of_deleted: count(Fate::EventDeleted),
            dead_letters: rejects.len(),
        };
        self.cache.learn(rows, stored, &updated);
        Ok(tally)
    }

    async fn look_up(&self, keys: &[EventKey]) -> Result<HashMap<EventKey, Stored>, StoreError> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let lookup = || self.store.lookup(keys);
        // No row is at fault here, whatever the server says.
        retry::watched(&self.status, "clickhouse", "looking up events", |_| true, lookup).await
    }

    /// Inserts all rows but those that ClickHouse refuses, whose keys it returns.
    async fn insert(&self, rows: &[(EventKey, Stored)]) -> Result<Vec<EventKey>, StoreError> {
        let (mut halves, mut refused) = (vec![rows], Vec::new());
        while let Some(part) = halves.pop() {
            match self.insert_all(part).await {
                Ok(()) => {}
                Err(error) if error.is_refusal() => match part {
                    [(key, _)] => {
                        tracing::warn!(%error, event_id = %key.id, "ClickHouse refuses a row");
                        refused.push(key.clone());
                    }
                    _ => {
                        let (first, second) = part.split_at(part.len() / 2);
                        halves.extend([second, first]);
                    }
                },
                Err(error) => return Err(error),
            }
        }
        Ok(refused)
    }

    async fn insert_all(&self, rows: &[(EventKey, Stored)]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let insert = || self.store.insert(rows);
        retry::watched(&self.status, "clickhouse", "inserting events", StoreError::is_retryable, insert).await
    }

    /// Folds one event's deliveries with one more each time; what ClickHouse then refuses is rejected
    /// and left out. `own` are pairs of a step's index and its delivery's.
    async fn find_culprits(
        &self,
        own: &[(usize, usize)],
        deliveries: &[Delivery],
        stored: &HashMap<EventKey, Stored>,
        fates: &mut [Fate],
        rejects: &mut Vec<(usize, Reason)>,
    ) -> Result<Vec<(EventKey, Stored)>, StoreError> {
        let (mut good, mut written): (Vec<Step>, Vec<(EventKey, Stored)>) = (Vec::new(), Vec::new());
        for (step, index) in own {
            let Some(Ok(next)) = deliveries.get(*index).map(decode) else { continue };
            let outcome = fold(good.iter().cloned().chain([next.clone()]).collect(), stored);
            if let (Some(fate), Some(last)) = (fates.get_mut(*step), outcome.fates.last()) {
                *fate = *last;
            }
            match self.insert_all(&outcome.rows).await {
                Ok(()) => {
                    good.push(next);
                    written = outcome.rows;
                }
                Err(error) if error.is_refusal() => {
                    rejects.push((*index, Reason::new("refused", error)));
                    if let Some(fate) = fates.get_mut(*step) {
                        *fate = Fate::Refused;
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(written)
    }

    /// Puts rejected deliveries on the dead-letter topic, however long that takes.
    async fn bury_all(&self, deliveries: &[Delivery], rejects: &[(usize, Reason)]) -> Result<(), SendError> {
        let mut counts = BTreeMap::<_, (usize, &Reason)>::new();
        for (_, reason) in rejects {
            counts.entry(reason.code).or_insert((0, reason)).0 += 1;
        }
        for (reason, (count, first)) in counts {
            tracing::warn!(reason, count, error = first.text, "messages go to the dead letters");
        }
        let rejected = rejects.iter().filter_map(|(index, reason)| Some((deliveries.get(*index)?, reason)));
        let letters: Vec<_> =
            rejected.map(|(delivery, reason)| letter(&self.topic, delivery, reason)).collect();
        let sent = stream::iter(letters).map(|letter| self.bury(letter)).buffer_unordered(LETTERS_AT_ONCE);
        sent.collect::<Vec<_>>().await.into_iter().collect()
    }

    async fn bury(&self, letter: Record) -> Result<(), SendError> {
        match self.post(&letter).await {
            // The topic takes less than it was made for: what the message said is still where it was.
            Err(SendError::TooLarge { .. }) => self.post(&truncated(letter)).await,
            sent => sent,
        }
    }

    async fn post(&self, record: &Record) -> Result<(), SendError> {
        let send = || self.letters.send(record.clone());
        retry::watched(&self.status, "dead letters", "writing a dead letter", SendError::is_retryable, send)
            .await?;
        Ok(())
    }
}

fn decode_all(deliveries: &[Delivery]) -> Decoded {
    let mut all =
        Decoded { indexes: Vec::new(), steps: Vec::with_capacity(deliveries.len()), rejects: Vec::new() };
    for (index, delivery) in deliveries.iter().enumerate() {
        match decode(delivery) {
            Ok(step) => {
                all.indexes.push(index);
                all.steps.push(step);
            }
            Err(reason) => all.rejects.push((index, reason)),
        }
    }
    all
}

fn decode(delivery: &Delivery) -> Result<Step, Reason> {
    let append_ms = delivery.append_ms.ok_or_else(|| {
        Reason::new(
            "no_append_time",
            "the message's time is not the broker's append time, so it has no position",
        )
    })?;
    let position = Position::new(append_ms, delivery.offset)
        .map_err(|error| Reason::new("impossible_append_time", error))?;
    let operation = message::decode(delivery.key.as_deref(), &delivery.value)
        .map_err(|error| Reason::new(error.reason(), error))?;
    Ok(Step { position, operation })
}
