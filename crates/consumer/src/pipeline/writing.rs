//! The pipeline's writing side: a batch is written by a task beside the loop, and then its offsets are committed.

use std::time::Duration;

use bus::{Delivery, Offsets};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::Pipeline;
use crate::apply::Applier;
use crate::tally::Tally;

/// How long a commit may take, and when a failed one is tried again.
const COMMIT_WITHIN: Duration = Duration::from_secs(10);
const COMMIT_AGAIN: Duration = Duration::from_secs(1);

/// What the task that writes a batch gives back, whether it could write it or not.
pub(super) struct Done {
    applier: Applier,
    /// The offsets behind the batch. None if its deliveries had been deferred: `Deferred` knows those.
    offsets: Offsets,
    /// When the log took the oldest message of the batch, in milliseconds since the Unix epoch.
    oldest_ms: Option<i64>,
    tally: anyhow::Result<Tally>,
    took: Duration,
}

impl Pipeline {
    /// Hands the batch over to be written, except for the deliveries that have to be deferred. The next batch grows
    /// meanwhile.
    pub(super) fn start(&mut self) {
        let Some(applier) = self.idle.take() else { return };
        let batch = std::mem::take(&mut self.batch);
        self.metrics.observe(&batch);
        self.duty.behind(batch.deliveries.len() >= self.config.batch_size || batch.is_full(&self.config));
        let offsets = batch.next_offsets();
        let deliveries = self.deferred.split(batch.deliveries);
        self.deferred_is_next = true;
        self.write(applier, deliveries, offsets);
    }

    /// Hands over some of the deferred deliveries to be written.
    pub(super) fn start_deferred(&mut self) {
        let Some(applier) = self.idle.take() else { return };
        let deliveries = self.deferred.next();
        self.deferred_is_next = false;
        self.write(applier, deliveries, Offsets::new());
    }

    fn write(&mut self, mut applier: Applier, deliveries: Vec<Delivery>, offsets: Offsets) {
        let assigned = std::mem::take(&mut self.assigned);
        self.writing = Some(tokio::spawn(async move {
            let begun = Instant::now();
            let oldest_ms = deliveries.iter().filter_map(|delivery| delivery.append_ms).min();
            let tally = if assigned {
                applier.apply_first(&deliveries).await
            } else {
                applier.apply(&deliveries).await
            };
            Done { applier, offsets, oldest_ms, tally, took: begun.elapsed() }
        }));
    }

    pub(super) async fn finish(&mut self, done: Done) -> anyhow::Result<()> {
        let Done { mut applier, mut offsets, oldest_ms, tally, took } = done;
        let tally = tally?;
        self.metrics.count(&tally);
        self.duty.wrote();
        self.metrics.pauses.inc_by(self.source.take_pauses());
        let lost = std::mem::take(&mut self.lost);
        if lost.is_empty() {
            self.oldest_uncommitted_ms = [self.oldest_uncommitted_ms, oldest_ms].into_iter().flatten().min();
        } else {
            applier.cache.clear();
        }
        self.idle = Some(applier);
        self.deferred.written();
        tracing::debug!(
            rows = tally.rows,
            folded = tally.folded,
            replays = tally.replays,
            of_deleted = tally.of_deleted,
            dead_letters = tally.dead_letters.values().sum::<usize>(),
            duration_ms = took.as_millis(),
            "wrote a batch"
        );
        offsets.retain(|partition, _| !lost.contains(partition));
        self.uncommitted.extend(offsets);
        self.commit().await;
        Ok(())
    }

    /// Commits the offsets that are written and whose partitions this consumer still has. A commit that fails is
    /// tried again after [`COMMIT_AGAIN`], with the offsets that have been written since.
    pub(super) async fn commit(&mut self) {
        self.commit_at = None;
        self.uncommitted.retain(|partition, _| self.owned.contains(partition));
        let mut ready = self.uncommitted.clone();
        for (partition, first) in self.deferred.first_offsets() {
            ready.entry(partition).and_modify(|next| *next = first.min(*next));
        }
        ready.retain(|partition, next| self.committed.get(partition) != Some(next));
        if ready.is_empty() {
            return;
        }
        let failure = match timeout(COMMIT_WITHIN, self.source.commit(ready.clone())).await {
            Ok(Ok(())) => {
                self.uncommitted.retain(|partition, next| ready.get(partition) != Some(next));
                self.committed.extend(ready);
                if let Some(oldest_ms) = self.oldest_uncommitted_ms.take() {
                    self.metrics.committed(oldest_ms);
                }
                self.status.fine("commit");
                return;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {COMMIT_WITHIN:?}"),
        };
        tracing::warn!(reason = failure, "could not commit offsets, trying again");
        self.status.trouble("commit", failure);
        self.commit_at = Some(Instant::now() + COMMIT_AGAIN);
    }
}

/// Waits for the batch that is being written; for ever while there is none.
pub(super) async fn finished(writing: &mut Option<JoinHandle<Done>>) -> anyhow::Result<Done> {
    match writing {
        Some(task) => {
            let done = task.await;
            *writing = None;
            Ok(done?)
        }
        None => std::future::pending().await,
    }
}
