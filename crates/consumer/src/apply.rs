//! Writes one batch of deliveries into the table: decode, look up, fold, insert, and dead letters for what the
//! table can't take.

use std::collections::HashSet;
use std::time::Duration;

use bus::{Delivery, Schedule};
use dead_letters::{NEWER_FORMAT, REFUSED, Reason, UNKNOWN_EVENT, by_reason};
use model::{EventKey, Stored};
use runtime::status::Status;
use store::{Lookup, StoreError};
use tokio::time::{Instant, sleep};

use crate::bisect::Bisection;
use crate::breaker::Breaker;
use crate::cache::Cache;
use crate::decode::{Decoded, decode_some};
use crate::fold::{Fate, Outcome, Step, fold};
use crate::letters::{Letters, unknown_updates};
use crate::lookup_budget::LookupBudget;
use crate::metrics::Metrics;
use crate::table::Table;
use crate::tally::Tally;

/// How long a batch is held before it is tried again.
const HOLD: Duration = Duration::from_secs(2);

/// Writes batches, one after the other. While ClickHouse or the topic of dead letters is away, it waits.
pub(crate) struct Applier {
    pub(crate) table: Table,
    pub(crate) letters: Letters,
    /// Says which partition a key belongs to.
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

    /// Applies the first batch after an assignment of partitions, once the table's schema is none that is newer than
    /// this program: only then may a newer consumer have written to the events of these partitions.
    pub(crate) async fn apply_first(&mut self, deliveries: &[Delivery]) -> anyhow::Result<Tally> {
        self.table.check_schema().await?;
        self.apply(deliveries).await
    }

    /// Folds what was decoded onto the rows that were looked up, and writes rows and dead letters. A dead letter is
    /// always written before a later row of its event, which after a crash would make the letter's message look like
    /// a replay. `held` says that the circuit breaker has judged these deliveries already.
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
        self.letters.write(deliveries, &foreign).await?;
        self.letters.write(deliveries, &unknown_updates(&indexes, &fates)).await?;
        self.letters.write(deliveries, &rejects).await?;

        let refused = self.insert_unless_held(&rows, &rejects, held).await?;
        if !refused.is_empty() {
            rows.retain(|(key, _)| !refused.contains(key));
            let bisection = Bisection {
                table: &self.table,
                letters: &self.letters,
                deliveries,
                indexes: &indexes,
                lookup_budget: self.lookup_budget.clone(),
            };
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

    /// Looks up the rows of the updated events, in the cache and then in the table. Answers as many as the look-up
    /// budget lets it hold at once; the keys of the others are in [`Lookup::left`].
    async fn look_up(&mut self, updated: &HashSet<EventKey>) -> Result<Lookup, StoreError> {
        let (known, missing) = self.cache.take(updated);
        let mut looked = self.table.look_up(missing, &mut self.lookup_budget).await?;
        looked.rows.extend(known);
        Ok(looked)
    }

    /// If most messages have a newer format than this program knows, holds them for as long as the circuit breaker
    /// does, before any row of theirs is written: a later row of an event would make the newer consumer, to which
    /// the held messages are left, take them for replays. Returns whether most had a newer format.
    async fn hold_newer(&mut self, messages: usize, rejects: &[(usize, Reason)]) -> bool {
        let newer: Vec<_> = rejects.iter().filter(|(_, reason)| reason.code == NEWER_FORMAT).collect();
        let [(_, first), ..] = newer[..] else { return false };
        if newer.len() * 2 <= messages {
            return false;
        }
        while !self.passes(messages, newer.len(), &first.text).await {}
        true
    }

    /// Inserts all rows but those that the table refuses, whose keys it returns. Tries the refused ones again for
    /// as long as the circuit breaker holds the batch; `judged` says that the breaker has let the batch pass already.
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

    /// Whether the circuit breaker lets a batch pass of whose `messages` so many are `bad`. If not, answers after a
    /// pause of [`HOLD`]. Where dead letters are only counted, every batch passes.
    async fn passes(&mut self, messages: usize, bad: usize, why: &str) -> bool {
        if !self.letters.are_kept() || self.breaker.lets_pass(Instant::now(), messages, bad) {
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

    /// How many operations are in another partition than their key's, where another producer has put them.
    fn misplaced(&self, deliveries: &[Delivery], indexes: &[usize], steps: &[Step<'_>]) -> usize {
        let delivered = indexes.iter().filter_map(|index| deliveries.get(*index));
        let elsewhere = delivered.zip(steps).filter(|(delivery, step)| {
            let key = delivery.key.as_deref().unwrap_or_default();
            self.schedule.partition(key, step.operation.id().created_at()) != delivery.partition
        });
        elsewhere.count()
    }
}
