//! One batch into the table: decode, look up, fold, insert, and dead letters for the rest.

use std::collections::HashSet;
use std::time::Duration;

use bus::{Delivery, Schedule, SendError};
use dead_letters::{NEWER_FORMAT, REFUSED, Reason, UNKNOWN_EVENT, Writer, by_reason};
use model::{EventKey, Stored};
use runtime::status::Status;
use store::{Lookup, StoreError};
use tokio::time::{Instant, sleep};

use crate::bisect::Bisection;
use crate::breaker::Breaker;
use crate::cache::Cache;
use crate::decode::{Decoded, decode_some};
use crate::fold::{Fate, Outcome, Step, fold};
use crate::lookup_budget::LookupBudget;
use crate::metrics::Metrics;
use crate::table::Table;
use crate::tally::Tally;

/// How long a batch is held before it is tried again.
const HOLD: Duration = Duration::from_secs(2);

/// Writes batches, one after the other. Whatever is away is waited for.
pub(crate) struct Applier {
    pub(crate) table: Table,
    /// `None`: what can't be written is only counted.
    pub(crate) letters: Option<Writer>,
    /// Where a key belongs.
    pub(crate) schedule: Schedule,
    pub(crate) cache: Cache,
    pub(crate) lookup_budget: LookupBudget,
    pub(crate) breaker: Breaker,
    /// Says why a batch is held.
    pub(crate) status: Status,
    pub(crate) metrics: Metrics,
}

impl Applier {
    /// Returns when every delivery is in the table or on the dead-letter topic.
    pub(crate) async fn apply(&mut self, deliveries: &[Delivery]) -> anyhow::Result<Tally> {
        let (mut tally, mut rest) = (Tally::default(), deliveries);
        while !rest.is_empty() {
            let decoded = decode_some(rest, self.lookup_budget.keys());
            let (some, others) = rest.split_at(decoded.deliveries());
            let held = self.hold_newer(some.len(), &decoded.rejects).await;
            let mut left = Some(decoded);
            // By events, since the rows of these may be too much to hold at once all the same.
            while let Some(mut decoded) = left {
                let looked = self.look_up(&decoded.updated).await?;
                left = (!looked.left.is_empty())
                    .then(|| decoded.split_off(looked.left.iter().cloned().collect()));
                tally.add(self.write(some, decoded, looked, held).await?);
            }
            rest = others;
        }
        if tally.misplaced > 0 {
            tracing::warn!(
                misplaced = tally.misplaced,
                "operations are in another partition than their key's: the order of an event's operations is not known"
            );
        }
        Ok(tally)
    }

    /// The same for the first batch after an assignment: only then may a newer consumer have written to the
    /// events of a partition, and then the table is from the future.
    pub(crate) async fn apply_first(&mut self, deliveries: &[Delivery]) -> anyhow::Result<Tally> {
        self.table.check_schema().await?;
        self.apply(deliveries).await
    }

    /// A letter always goes before a row that hides, after a crash, what it was written for. `held`: the breaker
    /// was asked already.
    async fn write<'a>(
        &mut self,
        deliveries: &'a [Delivery],
        mut decoded: Decoded<'a>,
        looked: Lookup,
        held: bool,
    ) -> anyhow::Result<Tally> {
        let misplaced = self.misplaced(deliveries, &decoded.indexes, &decoded.steps);
        let foreign = decoded.reject_foreign(&looked.foreign);
        let Decoded { indexes, steps, updated, rejects } = decoded;
        let Outcome { mut rows, unchanged, mut fates } = fold(steps, looked.rows);
        self.write_dead_letters(deliveries, &foreign).await?;
        self.write_dead_letters(deliveries, &unknown_updates(&indexes, &fates)).await?;
        self.write_dead_letters(deliveries, &rejects).await?;

        let refused = self.insert_unless_held(&rows, &rejects, held).await?;
        if !refused.is_empty() {
            rows.retain(|(key, _)| !refused.contains(key));
            let bisection = Bisection { applier: self, deliveries, indexes: &indexes };
            rows.extend(bisection.run(refused, &mut fates).await?);
        }

        let count = |wanted| fates.iter().filter(|fate| **fate == wanted).count();
        let mut dead_letters = by_reason(&rejects);
        dead_letters.extend(by_reason(&foreign));
        for (reason, fate) in [(UNKNOWN_EVENT, Fate::UnknownEvent), (REFUSED, Fate::Refused)] {
            if count(fate) > 0 {
                dead_letters.insert(reason, count(fate));
            }
        }
        let tally = Tally {
            rows: rows.len(),
            folded: count(Fate::Folded),
            replays: count(Fate::Replay),
            of_deleted: count(Fate::EventDeleted),
            misplaced,
            dead_letters,
        };
        self.cache.learn(rows.into_iter().chain(unchanged), &updated);
        Ok(tally)
    }

    /// The rows of these events, as many as may be held at once.
    async fn look_up(&mut self, updated: &HashSet<EventKey>) -> Result<Lookup, StoreError> {
        let (known, missing) = self.cache.take(updated);
        let mut looked = self.table.look_up(missing, &mut self.lookup_budget).await?;
        looked.rows.extend(known);
        Ok(looked)
    }

    /// Holds messages most of which have a newer format for as long as the breaker does, before anything of them
    /// is written: a later row of an event would make the newer consumer, to which the held messages are left,
    /// take them for replays. Returns whether they were such.
    async fn hold_newer(&mut self, messages: usize, rejects: &[(usize, Reason)]) -> bool {
        let newer: Vec<_> = rejects.iter().filter(|(_, reason)| reason.code == NEWER_FORMAT).collect();
        let [(_, first), ..] = newer[..] else { return false };
        if newer.len() * 2 <= messages {
            return false;
        }
        while !self.passes(messages, newer.len(), &first.text).await {}
        true
    }

    /// Inserts all rows but those that the table refuses, whose keys it returns. Tries those again for as
    /// long as the breaker holds the batch, which it was asked for already if that was `judged`.
    async fn insert_unless_held(
        &mut self,
        rows: &[(EventKey, Stored<'_>)],
        rejects: &[(usize, Reason)],
        judged: bool,
    ) -> Result<HashSet<EventKey>, StoreError> {
        let too_new = rejects.iter().filter(|(_, reason)| reason.code == NEWER_FORMAT).count();
        let messages = rows.len() + rejects.len();
        let mut refused = self.table.insert(rows).await?;
        loop {
            let why = refused.values().next().map_or_else(String::new, ToString::to_string);
            if judged || self.passes(messages, too_new + refused.len(), &why).await {
                return Ok(refused.into_keys().collect());
            }
            let left: Vec<_> = rows.iter().filter(|(key, _)| refused.contains_key(key)).cloned().collect();
            refused = self.table.insert(&left).await?;
        }
    }

    /// Whether the breaker lets a batch pass; if not, after a pause. Without dead letters there is nothing to
    /// hold a batch from.
    async fn passes(&mut self, messages: usize, bad: usize, why: &str) -> bool {
        if self.letters.is_none() || self.breaker.lets_pass(Instant::now(), messages, bad) {
            self.status.fine("circuit");
            self.metrics.circuit_open.set(0);
            return true;
        }
        let held = format!(
            "{bad} of {messages} messages can't be written, batch after batch, as if this consumer or the table had the wrong version: {why}"
        );
        tracing::error!(reason = held, "a batch is held until it is mended");
        self.status.trouble("circuit", held);
        self.metrics.circuit_open.set(1);
        sleep(HOLD).await;
        false
    }

    pub(crate) async fn write_dead_letters(
        &self,
        deliveries: &[Delivery],
        rejects: &[(usize, Reason)],
    ) -> Result<(), SendError> {
        match &self.letters {
            Some(letters) => letters.write_all(deliveries, rejects).await,
            None => Ok(()),
        }
    }

    /// How many operations are not in the partition of their key: another producer's work.
    fn misplaced(&self, deliveries: &[Delivery], indexes: &[usize], steps: &[Step<'_>]) -> usize {
        let delivered = indexes.iter().filter_map(|index| deliveries.get(*index));
        let elsewhere = delivered.zip(steps).filter(|(delivery, step)| {
            let key = delivery.key.as_deref().unwrap_or_default();
            self.schedule.partition(key, step.operation.id().created_at()) != delivery.partition
        });
        elsewhere.count()
    }
}

/// The updates of events that are not there, by the delivery's index.
pub(crate) fn unknown_updates(indexes: &[usize], fates: &[Fate]) -> Vec<(usize, Reason)> {
    let unknown = indexes.iter().zip(fates).filter(|(_, fate)| **fate == Fate::UnknownEvent);
    let reason = || Reason::new(UNKNOWN_EVENT, "an update of an event that is not there");
    unknown.map(|(index, _)| (*index, reason())).collect()
}
