//! The loop: one task that owns the growing batch, and at most one batch being written beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bus::{Delivery, Offsets, Signal, Source};
use runtime::shutdown::Shutdown;
use runtime::status::Status;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use crate::apply::{Applier, Tally};
use crate::batch::Batch;
use crate::{Config, Metrics};

/// How long a commit may take, and when a failed one is tried again.
const COMMIT_WITHIN: Duration = Duration::from_secs(10);
const COMMIT_AGAIN: Duration = Duration::from_secs(1);
/// The log says that something is wrong for as long as it is, more often than this.
const CALM: Duration = Duration::from_secs(5);
const LEAVE_WITHIN: Duration = Duration::from_secs(5);
/// So many signals are taken in before anything else has its turn.
const AT_ONCE: usize = 100;

/// A batch that was written, or not.
struct Done {
    applier: Applier,
    offsets: Offsets,
    tally: anyhow::Result<Tally>,
    took: Duration,
}

pub(crate) struct Pipeline {
    config: Config,
    source: Source,
    status: Status,
    metrics: Metrics,
    owned: BTreeSet<i32>,
    batch: Batch,
    /// Here while nothing is being written.
    idle: Option<Applier>,
    writing: Option<JoinHandle<Done>>,
    /// Whether partitions came since the last batch was begun. Somebody else may have written their events.
    assigned: bool,
    /// Revoked while the batch was being written.
    lost: BTreeSet<i32>,
    /// Written, but not yet committed.
    uncommitted: Offsets,
    /// When to commit them again, if that failed.
    commit_at: Option<Instant>,
    /// When the log's trouble counts as over, unless there is more.
    calm_at: Option<Instant>,
    /// When the last message of each partition was appended, in milliseconds.
    appended: BTreeMap<i32, i64>,
}

impl Pipeline {
    pub(crate) fn new(
        config: Config,
        source: Source,
        applier: Applier,
        status: Status,
        metrics: Metrics,
    ) -> Self {
        Self {
            config,
            source,
            status,
            metrics,
            owned: BTreeSet::new(),
            batch: Batch::default(),
            idle: Some(applier),
            writing: None,
            assigned: false,
            lost: BTreeSet::new(),
            uncommitted: Offsets::new(),
            commit_at: None,
            calm_at: None,
            appended: BTreeMap::new(),
        }
    }

    /// Until `shutdown`; then what was taken in is written and committed, within a time limit. What
    /// that leaves undone comes again with the next start.
    pub(crate) async fn run(mut self, shutdown: Shutdown) -> anyhow::Result<()> {
        loop {
            let due = self.batch.due_at(&self.config).filter(|_| self.writing.is_none());
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                done = finished(&mut self.writing) => self.finish(done?).await?,
                () = sleep_until(self.commit_at.unwrap_or_else(Instant::now)), if self.commit_at.is_some() => self.commit().await,
                () = sleep_until(self.calm_at.unwrap_or_else(Instant::now)), if self.calm_at.is_some() => self.calm(),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.start(),
                signal = self.source.next(), if !self.batch.is_full(&self.config) => match signal {
                    Some(signal) => self.take_all(signal),
                    None => anyhow::bail!("reading from the log has ended"),
                },
            }
        }
        let limit = Instant::now() + Duration::from_millis(self.config.shutdown_timeout_ms);
        match timeout_at(limit, self.drain()).await {
            Ok(drained) => drained?,
            Err(_) => tracing::warn!(
                "not all batches could be written in time: they come again with the next start"
            ),
        }
        if timeout(LEAVE_WITHIN, self.source.close()).await.is_err() {
            tracing::warn!("could not leave the group in time: the others will miss this member");
        }
        Ok(())
    }

    async fn drain(&mut self) -> anyhow::Result<()> {
        self.source.stop_reading();
        loop {
            if self.writing.is_none() && !self.batch.is_empty() {
                self.start();
            }
            if self.writing.is_none() && self.commit_at.is_none() {
                return Ok(());
            }
            tokio::select! {
                biased;
                // Before anything is committed: it may be another's by now.
                Some(signal) = self.source.next() => self.take_last(signal),
                done = finished(&mut self.writing) => self.finish(done?).await?,
                () = sleep_until(self.commit_at.unwrap_or_else(Instant::now)), if self.commit_at.is_some() => self.commit().await,
            }
        }
    }

    /// Once the end was asked for nothing more is taken in, and partitions can only be lost. A gap is found
    /// again by whoever reads behind it.
    fn take_last(&mut self, signal: Signal) {
        match signal {
            Signal::Delivery(_) => {
                self.metrics.deliveries.inc();
                self.metrics.dropped.inc();
            }
            Signal::Revoked(_) => self.take(signal),
            Signal::Assigned(_) | Signal::Gap { .. } | Signal::Trouble(_) => {}
        }
    }

    /// Takes this and some of what waits behind it, without a look at anything else in between.
    fn take_all(&mut self, first: Signal) {
        self.take(first);
        for _ in 1..AT_ONCE {
            if self.batch.is_full(&self.config) {
                break;
            }
            let Some(signal) = self.source.try_next() else { break };
            self.take(signal);
        }
    }

    fn take(&mut self, signal: Signal) {
        match signal {
            Signal::Delivery(delivery) => {
                self.metrics.deliveries.inc();
                self.watch_clock(&delivery);
                self.batch.push(delivery);
            }
            Signal::Assigned(partitions) => {
                tracing::info!(?partitions, "partitions assigned");
                self.owned.extend(partitions);
                self.assigned = true;
            }
            Signal::Revoked(partitions) => {
                tracing::info!(?partitions, "partitions revoked");
                self.owned.retain(|partition| !partitions.contains(partition));
                self.uncommitted.retain(|partition, _| !partitions.contains(partition));
                let dropped = self.batch.drop_partitions(&partitions);
                self.metrics.dropped.inc_by(u64::try_from(dropped).unwrap_or_default());
                self.appended.retain(|partition, _| !partitions.contains(partition));
                match &mut self.idle {
                    Some(applier) => applier.cache.clear(),
                    None => self.lost.extend(partitions),
                }
            }
            Signal::Gap { partition, missed } => {
                self.metrics.gaps.inc();
                self.metrics.missed.inc_by(u64::try_from(missed).unwrap_or_default());
                tracing::error!(
                    partition,
                    missed,
                    "the log removed messages before they were read: they are lost"
                );
            }
            Signal::Trouble(reason) => {
                if self.calm_at.replace(Instant::now() + CALM).is_none() {
                    tracing::warn!(reason, "trouble with the log");
                }
                self.status.trouble("log", reason);
            }
        }
    }

    fn calm(&mut self) {
        self.calm_at = None;
        self.status.fine("log");
        tracing::info!("no more trouble with the log");
    }

    /// Versions follow the append time: a broker whose clock steps back may let an older update win.
    fn watch_clock(&mut self, delivery: &Delivery) {
        let Delivery { partition, offset, append_ms: Some(append_ms), .. } = *delivery else { return };
        if let Some(before) = self.appended.insert(partition, append_ms)
            && append_ms < before
        {
            let step_ms = before - append_ms;
            self.metrics.clock_steps.inc();
            tracing::warn!(
                partition,
                offset,
                step_ms,
                "the append time stepped back: the broker's clock was set back"
            );
        }
    }

    /// Hands the batch over to be written; the next one grows meanwhile.
    fn start(&mut self) {
        let Some(mut applier) = self.idle.take() else { return };
        let batch = std::mem::take(&mut self.batch);
        let assigned = std::mem::take(&mut self.assigned);
        self.writing = Some(tokio::spawn(async move {
            let begun = Instant::now();
            let deliveries = &batch.deliveries;
            let tally = if assigned {
                applier.apply_first(deliveries).await
            } else {
                applier.apply(deliveries).await
            };
            Done { applier, offsets: batch.next_offsets(), tally, took: begun.elapsed() }
        }));
    }

    async fn finish(&mut self, done: Done) -> anyhow::Result<()> {
        let Done { mut applier, mut offsets, tally, took } = done;
        let tally = tally?;
        self.metrics.count(&tally);
        self.metrics.pauses.inc_by(self.source.take_pauses());
        let lost = std::mem::take(&mut self.lost);
        if !lost.is_empty() {
            applier.cache.clear();
        }
        self.idle = Some(applier);
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

    /// Commits what is written and still ours. What fails is tried again soon, with what has come since.
    async fn commit(&mut self) {
        self.commit_at = None;
        self.uncommitted.retain(|partition, _| self.owned.contains(partition));
        if self.uncommitted.is_empty() {
            return;
        }
        let failure = match timeout(COMMIT_WITHIN, self.source.commit(self.uncommitted.clone())).await {
            Ok(Ok(())) => {
                self.uncommitted.clear();
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

/// The batch being written, once it is; never while there is none.
async fn finished(writing: &mut Option<JoinHandle<Done>>) -> anyhow::Result<Done> {
    match writing {
        Some(task) => {
            let done = task.await;
            *writing = None;
            Ok(done?)
        }
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
