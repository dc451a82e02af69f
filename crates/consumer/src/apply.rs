//! One batch into the table: decode, look up, fold, insert, and dead letters for the rest.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use bus::{Delivery, Schedule, SendError};
use model::EventKey;
use runtime::status::Status;
use store::{StoreError, Stored};
use tokio::time::{Instant, sleep};

use crate::breaker::Breaker;
use crate::cache::Cache;
use crate::dead_letter::{DeadLetters, Reason, by_reason};
use crate::decode::{Decoded, decode, decode_all};
use crate::fold::{Fate, Outcome, Step, fold, updated_keys};
use crate::metrics::Metrics;
use crate::table::Table;

/// How long a batch is held before it is tried again.
const HOLD: Duration = Duration::from_secs(2);

/// The reason of an update that finds no event.
const UNKNOWN_EVENT: &str = "unknown_event";

/// Writes batches, one after the other. Whatever is away is waited for.
pub(crate) struct Applier {
    pub(crate) table: Table,
    /// `None`: what can't be written is only counted.
    pub(crate) letters: Option<DeadLetters>,
    /// Where a key belongs.
    pub(crate) schedule: Schedule,
    pub(crate) cache: Cache,
    pub(crate) breaker: Breaker,
    /// Says why a batch is held.
    pub(crate) status: Status,
    pub(crate) metrics: Metrics,
}

/// How many operations met which fate, and what was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) rows: usize,
    pub(crate) folded: usize,
    pub(crate) replays: usize,
    pub(crate) of_deleted: usize,
    pub(crate) misplaced: usize,
    /// By reason.
    pub(crate) dead_letters: BTreeMap<&'static str, usize>,
}

/// What a batch came to. All its rows are in the table.
struct Applied {
    rows: Vec<(EventKey, Stored)>,
    /// What the table held of the events that are updated, which are these.
    stored: HashMap<EventKey, Stored>,
    updated: HashSet<EventKey>,
    fates: Vec<Fate>,
    misplaced: usize,
    /// By the delivery's index, in order.
    rejects: Vec<(usize, Reason)>,
}

impl Applier {
    /// Returns when every delivery is in the table or on the dead-letter topic.
    pub(crate) async fn apply(&mut self, deliveries: &[Delivery]) -> anyhow::Result<Tally> {
        // The updates of unknown events that already are among the dead letters.
        let mut buried = BTreeSet::new();
        let applied = self.apply_unless_held(deliveries, &mut buried).await?;
        let Applied { rows, stored, updated, fates, misplaced, mut rejects } = applied;
        if misplaced > 0 {
            tracing::warn!(
                misplaced,
                "operations are in another partition than their key's: the order of an event's operations is not known"
            );
        }
        let count = |wanted| fates.iter().filter(|fate| **fate == wanted).count();
        let tally = Tally {
            rows: rows.len(),
            folded: count(Fate::Folded),
            replays: count(Fate::Replay),
            of_deleted: count(Fate::EventDeleted),
            misplaced,
            dead_letters: by_reason(&rejects),
        };
        rejects.retain(|(index, _)| !buried.contains(index));
        self.bury(deliveries, &rejects).await?;
        self.cache.learn(rows, stored, &updated);
        Ok(tally)
    }

    /// Tries again for as long as the breaker holds the batch.
    async fn apply_unless_held(
        &mut self,
        deliveries: &[Delivery],
        buried: &mut BTreeSet<usize>,
    ) -> anyhow::Result<Applied> {
        loop {
            let applied = self.write(deliveries, buried).await?;
            let at_fault = applied.rejects.iter().filter(|(_, reason)| reason.may_be_a_deployments());
            let bad = at_fault.count();
            // Without dead letters there is nothing to hold a batch from.
            if self.letters.is_none() || self.breaker.lets_pass(Instant::now(), deliveries.len(), bad) {
                self.status.fine("circuit");
                self.metrics.circuit_open.set(0);
                return Ok(applied);
            }
            let text = applied.rejects.iter().find(|(_, reason)| reason.may_be_a_deployments());
            let text = text.map_or("", |(_, reason)| &reason.text);
            let held = format!(
                "{bad} of {} messages can't be written, batch after batch, as if this consumer or the table had the wrong version: {text}",
                deliveries.len()
            );
            tracing::error!(reason = held, "a batch is held until it is mended");
            self.status.trouble("circuit", held);
            self.metrics.circuit_open.set(1);
            sleep(HOLD).await;
        }
    }

    async fn write(&self, deliveries: &[Delivery], buried: &mut BTreeSet<usize>) -> anyhow::Result<Applied> {
        let Decoded { indexes, steps, mut rejects } = decode_all(deliveries);
        let misplaced = self.misplaced(deliveries, &indexes, &steps);
        let updated = updated_keys(&steps);
        let (mut stored, missing) = self.cache.split(&updated);
        stored.extend(self.table.look_up(&missing).await?);

        let keys: Vec<_> = steps.iter().map(|step| step.operation.key()).collect();
        let Outcome { mut rows, mut fates } = fold(steps, &stored);
        // Another try finds rows of the one before.
        let was_buried = indexes.iter().zip(&mut fates).filter(|(index, _)| buried.contains(index));
        was_buried.for_each(|(_, fate)| *fate = Fate::UnknownEvent);
        // Before the rows: once the event has one, such an update looks like a replay after a crash.
        let mut unknown = unknown_updates(&indexes, &fates);
        unknown.retain(|(index, _)| !buried.contains(index));
        self.bury(deliveries, &unknown).await?;
        buried.extend(unknown.iter().map(|(index, _)| *index));
        for refused in self.table.insert(&rows).await? {
            // Its key's messages again, one by one, to find the one at fault.
            let own = (0..).zip(&indexes).zip(&keys).filter(|(_, key)| **key == refused);
            let own: Vec<(usize, usize)> = own.map(|((step, index), _)| (step, *index)).collect();
            rows.retain(|(key, _)| *key != refused);
            rows.extend(self.find_culprits(&own, deliveries, &stored, &mut fates, &mut rejects).await?);
        }

        rejects.extend(unknown_updates(&indexes, &fates));
        rejects.sort_by_key(|(index, _)| *index);
        rejects.dedup_by_key(|(index, _)| *index);
        Ok(Applied { rows, stored, updated, fates, misplaced, rejects })
    }

    async fn bury(&self, deliveries: &[Delivery], rejects: &[(usize, Reason)]) -> Result<(), SendError> {
        match &self.letters {
            Some(letters) => letters.bury_all(deliveries, rejects).await,
            None => Ok(()),
        }
    }

    /// How many operations are not in the partition of their key: another producer's work.
    fn misplaced(&self, deliveries: &[Delivery], indexes: &[usize], steps: &[Step]) -> usize {
        let delivered = indexes.iter().filter_map(|index| deliveries.get(*index));
        let elsewhere = delivered.zip(steps).filter(|(delivery, step)| {
            let key = delivery.key.as_deref().unwrap_or_default();
            self.schedule.partition(key, step.operation.key().id.created_at()) != delivery.partition
        });
        elsewhere.count()
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
            match self.table.try_again(&outcome.rows).await? {
                Ok(()) => {
                    good.push(next);
                    written = outcome.rows;
                }
                Err(error) => {
                    rejects.push((*index, Reason::new("refused", error)));
                    if let Some(fate) = fates.get_mut(*step) {
                        *fate = Fate::Refused;
                    }
                }
            }
        }
        Ok(written)
    }
}

/// The updates of events that are not there, by the delivery's index.
fn unknown_updates(indexes: &[usize], fates: &[Fate]) -> Vec<(usize, Reason)> {
    let unknown = indexes.iter().zip(fates).filter(|(_, fate)| **fate == Fate::UnknownEvent);
    let reason = || Reason::new(UNKNOWN_EVENT, "an update of an event that is not there");
    unknown.map(|(index, _)| (*index, reason())).collect()
}
