//! The loop: one task that owns the growing batch, and at most one batch being written beside it.

mod writing;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bus::{Delivery, Offsets, Signal, Source};
use runtime::shutdown::Shutdown;
use runtime::status::Status;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use self::writing::{Done, finished};
use crate::apply::Applier;
use crate::batch::Batch;
use crate::deferred::Deferred;
use crate::rollup::Duty;
use crate::{Config, Metrics};

/// While something is wrong the log says so more often than this, so that after so long a silence it counts as over.
const CALM: Duration = Duration::from_secs(5);
const LEAVE_WITHIN: Duration = Duration::from_secs(5);
/// At most so many signals are taken in before anything else has its turn.
const AT_ONCE: usize = 100;

pub(crate) struct Pipeline {
    config: Config,
    source: Source,
    status: Status,
    metrics: Metrics,
    /// Who rolls hours up is told by whom.
    duty: Duty,
    owned: BTreeSet<i32>,
    batch: Batch,
    /// Deliveries that were in a batch and wait to be written since the batch spanned too many months.
    deferred: Deferred,
    /// Whether deferred deliveries are written next, before a batch that is due: under load one always is.
    deferred_is_next: bool,
    /// The applier while no batch is being written; else the writing task has it.
    idle: Option<Applier>,
    writing: Option<JoinHandle<Done>>,
    /// Whether partitions were assigned since the last batch was begun. Another consumer may have written their events.
    assigned: bool,
    /// The partitions that were revoked while the batch was being written.
    lost: BTreeSet<i32>,
    /// The offsets behind what is written, deferred deliveries aside, and not yet committed.
    uncommitted: Offsets,
    /// When the log took the oldest message that is written and not committed, in milliseconds since the Unix epoch.
    oldest_uncommitted_ms: Option<i64>,
    /// The offsets that were committed last.
    committed: Offsets,
    /// When to try a commit again, if the last one failed.
    commit_at: Option<Instant>,
    /// When the log's trouble counts as over, unless there is more.
    calm_at: Option<Instant>,
    /// When the last message of each partition was appended, in milliseconds since the Unix epoch.
    appended: BTreeMap<i32, i64>,
}

impl Pipeline {
    pub(crate) fn new(
        config: Config,
        source: Source,
        applier: Applier,
        status: Status,
        metrics: Metrics,
        duty: Duty,
    ) -> Self {
        Self {
            config,
            source,
            status,
            metrics,
            duty,
            owned: BTreeSet::new(),
            batch: Batch::default(),
            deferred: Deferred::default(),
            deferred_is_next: false,
            idle: Some(applier),
            writing: None,
            assigned: false,
            lost: BTreeSet::new(),
            uncommitted: Offsets::new(),
            oldest_uncommitted_ms: None,
            committed: Offsets::new(),
            commit_at: None,
            calm_at: None,
            appended: BTreeMap::new(),
        }
    }

    /// Runs until `shutdown`, then writes and commits the deliveries that were taken in, within
    /// [`Config::shutdown_timeout_ms`]. Those that are not committed by then are delivered again after the next start.
    pub(crate) async fn run(mut self, shutdown: Shutdown) -> anyhow::Result<()> {
        let limit = Duration::from_millis(self.config.shutdown_timeout_ms);
        // It begins when the end is asked for, also while a commit is being waited for.
        let too_late = async {
            shutdown.cancelled().await;
            sleep(limit).await;
        };
        let work = async {
            self.consume(&shutdown).await?;
            self.drain().await
        };
        tokio::select! {
            biased;
            done = work => done?,
            () = too_late => tracing::warn!(
                "not all batches could be written in time: they come again with the next start"
            ),
        }
        if timeout(LEAVE_WITHIN, self.source.close()).await.is_err() {
            tracing::warn!("could not leave the group in time: the others will miss this member");
        }
        Ok(())
    }

    async fn consume(&mut self, shutdown: &Shutdown) -> anyhow::Result<()> {
        loop {
            let deferred_is_next = self.deferred_is_next && !self.deferred.is_empty();
            let due = self.batch.due_at(&self.config).filter(|_| self.writing.is_none() && !deferred_is_next);
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return Ok(()),
                done = finished(&mut self.writing) => self.finish(done?).await?,
                () = sleep_until(self.commit_at.unwrap_or_else(Instant::now)), if self.commit_at.is_some() => self.commit().await,
                () = sleep_until(self.calm_at.unwrap_or_else(Instant::now)), if self.calm_at.is_some() => self.calm(),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.start(),
                () = std::future::ready(()), if self.writing.is_none() && !self.deferred.is_empty() => self.start_deferred(),
                signal = self.source.next(), if !self.is_full() => match signal {
                    Some(signal) => self.take_all(signal),
                    None => anyhow::bail!("reading from the log has ended"),
                },
            }
        }
    }

    async fn drain(&mut self) -> anyhow::Result<()> {
        self.source.stop_reading();
        loop {
            if self.writing.is_none() && !self.batch.is_empty() {
                self.start();
            } else if self.writing.is_none() && !self.deferred.is_empty() {
                self.start_deferred();
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

    /// Takes in a signal after the end was asked for: deliveries are dropped, and partitions can only be lost. A gap
    /// is found again by the next consumer that reads behind it.
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

    /// Takes in this signal and those that wait behind it, up to [`AT_ONCE`] in all, before anything else has its turn.
    fn take_all(&mut self, first: Signal) {
        self.take(first);
        for _ in 1..AT_ONCE {
            if self.is_full() {
                break;
            }
            let Some(signal) = self.source.try_next() else { break };
            self.take(signal);
        }
    }

    /// Whether the growing batch and the deferred deliveries together take as many bytes as a batch may.
    fn is_full(&self) -> bool {
        self.batch.bytes() + self.deferred.bytes() >= self.config.max_batch_bytes
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
                self.lead();
            }
            Signal::Revoked(partitions) => {
                tracing::info!(?partitions, "partitions revoked");
                self.owned.retain(|partition| !partitions.contains(partition));
                self.lead();
                self.uncommitted.retain(|partition, _| !partitions.contains(partition));
                // Whose it was is not known.
                self.oldest_uncommitted_ms = None;
                self.committed.retain(|partition, _| !partitions.contains(partition));
                let dropped =
                    self.batch.drop_partitions(&partitions) + self.deferred.drop_partitions(&partitions);
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

    /// One consumer of the group rolls hours up: whoever has the first partition.
    fn lead(&self) {
        self.duty.lead(self.owned.contains(&0));
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
}

#[cfg(test)]
mod tests;
