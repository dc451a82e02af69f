//! The one thread that writes: whatever waits becomes one transaction, answered after its sync.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Statement, Transaction, TransactionBehavior, params};

use super::Members;
use super::file::{self, WAL_BYTES};
use super::headers;
use super::options::Options;
use super::queue::{Append, Batch, Change, Outcomes, Reply, Request};
use super::retention::Retention;
use super::topics::{Topics, missing};
use super::wakeup::Wakeup;
use crate::budget::Budget;
use crate::{BusError, SendError, Written};

const INSERT: &str = "INSERT INTO records (id, append_ms, key, value, headers) VALUES (?1, ?2, ?3, ?4, ?5)";

pub(super) struct Writer {
    connection: Connection,
    /// What the file says; `None` until it was read, and after a transaction that failed.
    topics: Option<Topics>,
    wal: PathBuf,
    options: Options,
    wakeup: Arc<Wakeup>,
    budget: Arc<Budget>,
    retention: Retention,
}

impl Writer {
    pub(super) fn new(
        connection: Connection,
        path: &Path,
        options: Options,
        wakeup: Arc<Wakeup>,
        budget: Arc<Budget>,
        members: Members,
    ) -> Self {
        let retention = Retention::new(options.retention, members);
        Self { connection, topics: None, wal: file::wal(path), options, wakeup, budget, retention }
    }

    /// Writes until someone asks for the end, who is returned, or nobody is left to ask for anything.
    pub(super) fn run(mut self, requests: &Receiver<Request>) -> Option<Reply<(), BusError>> {
        let mut retention_due = Instant::now();
        let mut closing = None;
        while closing.is_none() {
            let patience = retention_due.saturating_duration_since(Instant::now());
            let Some(mut batch) = Batch::collect(requests, patience) else { break };
            closing = batch.closing.take();
            if !batch.is_empty() {
                self.write(batch);
            }
            if closing.is_none() && retention_due <= Instant::now() {
                retention_due = Instant::now() + self.remove_old();
            }
        }
        self.wakeup.close();
        self.shorten_wal();
        closing
    }

    fn write(&mut self, batch: Batch) {
        let outcomes = self.transact(&batch);
        if outcomes.is_ok() && batch.has_records() {
            self.wakeup.wake();
        }
        self.budget.give_back(batch.bytes);
        batch.answer(outcomes.map_err(|error| error.to_string()));
        self.watch_wal();
    }

    fn transact(&mut self, batch: &Batch) -> rusqlite::Result<Outcomes> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut topics = match self.topics.take() {
            Some(topics) => topics,
            None => Topics::load(&transaction)?,
        };
        let now = (self.options.clock)();
        let changes = batch.changes.iter().map(|change| make(&transaction, &mut topics, change, now));
        let changes = changes.collect::<rusqlite::Result<_>>()?;
        let mut insert = transaction.prepare_cached(INSERT)?;
        let appends = batch.appends.iter().map(|append| put(&mut insert, &mut topics, append, now));
        let appends = appends.collect::<rusqlite::Result<_>>()?;
        drop(insert);
        topics.save(&transaction)?;
        transaction.commit()?;
        self.topics = Some(topics);
        for change in &batch.changes {
            if let Change::EnsureTopic { name, keep, .. } = change {
                self.retention.keep(name, *keep);
            }
        }
        Ok(Outcomes { changes, appends })
    }

    /// Removes some of what is old, and says when to look again: at once as long as there is more, but
    /// after what waits.
    fn remove_old(&mut self) -> Duration {
        match self.retention.remove_some(&mut self.connection, (self.options.clock)()) {
            Ok(true) => Duration::ZERO,
            Ok(false) => self.options.retention_interval,
            Err(error) => {
                tracing::warn!(%error, "old records could not be removed from the log");
                self.options.retention_interval
            }
        }
    }

    /// SQLite starts the write-ahead log over when no reader is in it. Should one always be, this waits
    /// for a moment without.
    fn watch_wal(&self) {
        if fs::metadata(&self.wal).is_ok_and(|wal| wal.len() > 4 * WAL_BYTES) {
            self.shorten_wal();
        }
    }

    /// Moves what the write-ahead log holds into the tables. A failure costs space and nothing else.
    fn shorten_wal(&self) {
        if let Err(error) = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(())) {
            tracing::warn!(%error, "the write-ahead log could not be shortened");
        }
    }
}

/// The outer error ends the transaction, the inner one is the caller's alone.
fn make(
    transaction: &Transaction<'_>,
    topics: &mut Topics,
    change: &Change,
    now: i64,
) -> rusqlite::Result<Result<(), BusError>> {
    match change {
        Change::EnsureTopic { name, partitions, .. } => topics.ensure(transaction, name, *partitions),
        Change::Commit { topic, group, offsets } => {
            let mut statement = transaction.prepare_cached(
                "INSERT INTO commits (slot, consumer_group, next) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET next = excluded.next",
            )?;
            for (partition, next) in offsets {
                let Some(slot) = topics.slot(topic, *partition) else { return Ok(Err(missing(topic))) };
                statement.execute(params![slot, group, next])?;
            }
            Ok(Ok(()))
        }
        Change::Append(appends) => {
            let lost = |append: &&Append| topics.slot(&append.topic, append.partition).is_none();
            if let Some(lost) = appends.iter().find(lost) {
                return Ok(Err(BusError::no_partition(&lost.topic, lost.partition)));
            }
            let mut insert = transaction.prepare_cached(INSERT)?;
            for append in appends {
                // Each has its place, as was just seen.
                put(&mut insert, topics, append, now)?.ok();
            }
            Ok(Ok(()))
        }
    }
}

fn put(
    insert: &mut Statement<'_>,
    topics: &mut Topics,
    append: &Append,
    now: i64,
) -> rusqlite::Result<Result<Written, SendError>> {
    let Append { topic, partition, record } = append;
    let Some(place) = topics.place(topic, *partition, now) else {
        return Ok(Err(SendError::Unavailable(format!("topic {topic} has no partition {partition}"))));
    };
    let headers = headers::ToWrite(&record.headers);
    insert.execute(params![place.row, place.append_ms, record.key, record.value, headers])?;
    Ok(Ok(Written { partition: *partition, offset: place.offset }))
}
