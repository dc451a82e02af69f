//! The loop: one task that owns the growing batch, and at most one batch being written beside it.

use std::collections::BTreeSet;
use std::time::Duration;

use bus::{Offsets, Signal, Source};
use runtime::shutdown::Shutdown;
use runtime::status::Status;
use store::StoreError;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::Config;
use crate::apply::{Applier, Tally};
use crate::batch::Batch;

/// A batch that was written, or not.
struct Done {
    applier: Applier,
    offsets: Offsets,
    tally: Result<Tally, StoreError>,
    took: Duration,
}

pub(crate) struct Pipeline {
    config: Config,
    source: Source,
    status: Status,
    owned: BTreeSet<i32>,
    batch: Batch,
    /// Here while nothing is being written.
    idle: Option<Applier>,
    writing: Option<JoinHandle<Done>>,
    /// Partitions were revoked while a batch was being written.
    forget: bool,
}

impl Pipeline {
    pub(crate) fn new(config: Config, source: Source, applier: Applier, status: Status) -> Self {
        Self {
            config,
            source,
            status,
            owned: BTreeSet::new(),
            batch: Batch::default(),
            idle: Some(applier),
            writing: None,
            forget: false,
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
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.start(),
                signal = self.source.next(), if !self.batch.is_full(&self.config) => match signal {
                    Some(signal) => self.take(signal),
                    None => anyhow::bail!("reading from the log has ended"),
                },
            }
        }
        let limit = Instant::now() + Duration::from_millis(self.config.shutdown_timeout_ms);
        match timeout_at(limit, self.drain()).await {
            Ok(drained) => drained,
            Err(_) => {
                tracing::warn!(
                    "not all batches could be written in time: they come again with the next start"
                );
                Ok(())
            }
        }
    }

    async fn drain(&mut self) -> anyhow::Result<()> {
        loop {
            if self.writing.is_some() {
                let done = finished(&mut self.writing).await?;
                self.finish(done).await?;
            } else if self.batch.is_empty() {
                return Ok(());
            } else {
                self.start();
            }
        }
    }

    fn take(&mut self, signal: Signal) {
        match signal {
            Signal::Delivery(delivery) => self.batch.push(delivery),
            Signal::Assigned(partitions) => {
                tracing::info!(?partitions, "partitions assigned");
                self.owned.extend(partitions);
            }
            Signal::Revoked(partitions) => {
                tracing::info!(?partitions, "partitions revoked");
                self.owned.retain(|partition| !partitions.contains(partition));
                self.batch.drop_partitions(&partitions);
                match &mut self.idle {
                    Some(applier) => applier.cache.clear(),
                    None => self.forget = true,
                }
            }
            Signal::Gap { partition, missed } => {
                tracing::error!(
                    partition,
                    missed,
                    "the log removed messages before they were read: they are lost"
                );
            }
            Signal::Trouble(reason) => {
                tracing::warn!(reason, "trouble with the log");
            }
        }
    }

    /// Hands the batch over to be written; the next one grows meanwhile.
    fn start(&mut self) {
        let Some(mut applier) = self.idle.take() else { return };
        let batch = std::mem::take(&mut self.batch);
        self.writing = Some(tokio::spawn(async move {
            let begun = Instant::now();
            let tally = applier.apply(&batch.deliveries).await;
            Done { applier, offsets: batch.next_offsets(), tally, took: begun.elapsed() }
        }));
    }

    async fn finish(&mut self, done: Done) -> anyhow::Result<()> {
        let Done { mut applier, mut offsets, tally, took } = done;
        let tally = tally?;
        if std::mem::take(&mut self.forget) {
            applier.cache.clear();
        }
        self.idle = Some(applier);
        tracing::debug!(
            rows = tally.rows,
            folded = tally.folded,
            replays = tally.replays,
            of_deleted = tally.of_deleted,
            dead_letters = tally.dead_letters,
            duration_ms = took.as_millis(),
            "wrote a batch"
        );
        offsets.retain(|partition, _| self.owned.contains(partition));
        if offsets.is_empty() {
            return Ok(());
        }
        // Not retried: the next batch's commit covers this one, and a replay does no harm.
        match self.source.commit(offsets).await {
            Ok(()) => self.status.fine("commit"),
            Err(error) => {
                tracing::warn!(%error, "could not commit offsets");
                self.status.trouble("commit", error.to_string());
            }
        }
        Ok(())
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
