//! A member of a group: a thread that reads what was appended, and commits.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, Row};

use super::queue::Change;
use super::topics::{missing, standings};
use super::wakeup::Wakeup;
use super::{Log, file, headers, locked};
use crate::budget::Budget;
use crate::signals::{Receiver, Sender, channel};
use crate::source::Reader as AnyReader;
use crate::{BusError, Delivery, Offsets, Signal, Source, Topic};

/// What is read of one partition before the next has its turn.
const CHUNK_BYTES: usize = 256 << 10;

/// How often a thread whose budget is full looks whether it may go on.
const FULL_PAUSE: Duration = Duration::from_millis(2);

/// How long a thread waits after an error before it tries again.
const TROUBLE_PAUSE: Duration = Duration::from_millis(500);

/// The part of a [`Source`] that commits. With it the membership ends.
pub struct Reader {
    log: Log,
    topic: String,
    group: String,
}

/// A source of the whole topic from where the group has come to. Refused while the group has another.
pub fn source(log: &Log, topic: &Topic, group: &str, max_queued_bytes: usize) -> Result<Source, BusError> {
    let reader = Reader::join(log, &topic.name, group)?;
    let unavailable = |error: &dyn ToString| BusError::unavailable("reading the log", error.to_string());
    let file = file::open_to_read(&log.0.path)?;
    let standings = standings(&file, &topic.name, group).map_err(|error| unavailable(&error))?;
    if standings.is_empty() {
        return Err(missing(&topic.name));
    }
    let turns = standings.iter().map(|at| Turn {
        partition: at.partition,
        slot: at.slot,
        next: at.committed.unwrap_or(at.begin),
    });
    let assigned = Signal::Assigned(standings.iter().map(|at| at.partition).collect());
    let (signals, budget) = read(log, file, &topic.name, turns.collect(), max_queued_bytes, Some(assigned))?;
    Ok(Source { signals, budget, reader: AnyReader::Log(reader) })
}

/// Reads on from these places on a thread of its own, until nobody takes the signals any more.
pub(super) fn read(
    log: &Log,
    file: Connection,
    topic: &str,
    turns: VecDeque<Turn>,
    max_queued_bytes: usize,
    first: Option<Signal>,
) -> Result<(Receiver, Arc<Budget>), BusError> {
    let budget = Arc::new(Budget::new(max_queued_bytes.max(1)));
    let (sender, signals) = channel(&budget);
    if let Some(first) = first {
        sender.say(first);
    }
    let reading = Reading {
        file,
        topic: topic.to_owned(),
        turns,
        signals: sender,
        budget: Arc::clone(&budget),
        wakeup: Arc::clone(&log.0.wakeup),
    };
    thread::Builder::new()
        .name("log-reader".to_owned())
        .spawn(move || reading.run())
        .map_err(|error| BusError::unavailable("reading the log", error))?;
    Ok((signals, budget))
}

impl Reader {
    fn join(log: &Log, topic: &str, group: &str) -> Result<Self, BusError> {
        if !locked(&log.0.members).insert((topic.to_owned(), group.to_owned())) {
            return Err(BusError::Refused(format!("group {group} has a source of topic {topic} already")));
        }
        Ok(Self { log: log.clone(), topic: topic.to_owned(), group: group.to_owned() })
    }

    /// See [`Source::commit`].
    pub async fn commit(&self, offsets: Offsets) -> Result<(), BusError> {
        let change = Change::Commit { topic: self.topic.clone(), group: self.group.clone(), offsets };
        self.log.0.queue.change("committing offsets", change).await
    }
}

impl Drop for Reader {
    /// The thread hears the wakeup and finds that nobody takes its signals any more.
    fn drop(&mut self) {
        locked(&self.log.0.members).remove(&(self.topic.clone(), self.group.clone()));
        self.log.0.wakeup.wake();
    }
}

/// What the reading thread owns.
struct Reading {
    file: Connection,
    topic: String,
    /// The partitions, the one that has waited longest first.
    turns: VecDeque<Turn>,
    signals: Sender,
    budget: Arc<Budget>,
    wakeup: Arc<Wakeup>,
}

/// How far a partition is read.
pub(super) struct Turn {
    pub(super) partition: i32,
    pub(super) slot: i64,
    pub(super) next: i64,
}

impl Reading {
    fn run(mut self) {
        while self.is_wanted() {
            let heard = self.wakeup.count();
            match self.round() {
                Ok(true) => {}
                Ok(false) => self.wakeup.wait(heard),
                Err(error) => {
                    self.signals.say(Signal::Trouble(format!("reading the log: {error}")));
                    thread::sleep(TROUBLE_PAUSE);
                }
            }
        }
    }

    /// Gives each partition a turn. Returns whether any had something to read.
    fn round(&mut self) -> rusqlite::Result<bool> {
        let ends = self.ends()?;
        let mut any = false;
        for _ in 0..self.turns.len() {
            let Some(mut turn) = self.turns.pop_front() else { break };
            let end = ends.get(&turn.slot).copied().unwrap_or_default();
            let read = if turn.next < end { self.read(&mut turn, end).map(|()| true) } else { Ok(false) };
            self.turns.push_back(turn);
            any |= read?;
        }
        Ok(any)
    }

    fn ends(&self) -> rusqlite::Result<HashMap<i64, i64>> {
        let mut statement = self.file.prepare_cached("SELECT slot, next FROM partitions WHERE topic = ?1")?;
        let ends = statement.query_map([&self.topic], |row| Ok((row.get(0)?, row.get(1)?)))?;
        ends.collect()
    }

    /// Reads a chunk of a partition that is known to reach to `end` at least.
    fn read(&self, turn: &mut Turn, end: i64) -> rusqlite::Result<()> {
        self.wait_for_room();
        let mut statement = self.file.prepare_cached(
            "SELECT id, append_ms, key, value, headers FROM records WHERE id >= ?1 AND id < ?2 ORDER BY id",
        )?;
        let mut rows = statement.query((file::row(turn.slot, turn.next), file::row(turn.slot + 1, 0)))?;
        let mut bytes = 0;
        while bytes < CHUNK_BYTES && !self.budget.is_full() {
            let Some(row) = rows.next()? else {
                self.skip(turn, end);
                break;
            };
            let delivery = delivery(turn.partition, row)?;
            self.skip(turn, delivery.offset);
            turn.next = delivery.offset + 1;
            bytes += delivery.bytes();
            self.signals.gather(delivery);
        }
        self.signals.flush();
        Ok(())
    }

    /// Goes on at `to`, if that is further; what lay between has been removed.
    fn skip(&self, turn: &mut Turn, to: i64) {
        let missed = to - turn.next;
        if missed > 0 {
            self.signals.say(Signal::Gap { partition: turn.partition, missed });
            turn.next = to;
        }
    }

    fn wait_for_room(&self) {
        if self.budget.is_full() {
            self.budget.pause();
            while self.is_wanted() && !self.budget.is_half_free() {
                thread::sleep(FULL_PAUSE);
            }
        }
    }

    fn is_wanted(&self) -> bool {
        !self.signals.is_closed() && !self.wakeup.is_closed()
    }
}

pub(super) fn delivery(partition: i32, row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let headers: headers::Read = row.get(4)?;
    Ok(Delivery {
        partition,
        offset: file::offset(row.get(0)?),
        append_ms: Some(row.get(1)?),
        key: row.get(2)?,
        value: row.get(3)?,
        headers: headers.0,
    })
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use testing::wait::until;

    use super::super::Options;
    use super::*;
    use crate::{Bus, Record, Schedule};

    const PATIENCE: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn reading_stops_at_the_budget_and_ends_with_the_source() {
        let folder = tempfile::tempdir().unwrap();
        let bus = Bus::Log(Log::open(&folder.path().join("log"), Options::default()).unwrap());
        let topic = Topic::new("events", Schedule::constant(3), 1 << 20);
        bus.ensure_topic(&topic).await.unwrap();
        let producer = bus.producer(&topic).unwrap();
        let record =
            |i: i32| Record { key: Some(i.to_be_bytes().into()), value: vec![0; 1_000], ..Record::default() };
        for sent in join_all((0..100).map(|i| producer.send(record(i)))).await {
            sent.unwrap();
        }

        let mut source = bus.source(&topic, "group", 10_000).unwrap();
        assert!(matches!(source.next().await, Some(Signal::Assigned(_))));
        for _ in 0..3 {
            until("the budget is full", PATIENCE, async || source.budget.is_full()).await;
            let bytes = source.budget.waiting();
            let Some(Signal::Delivery(first)) = source.next().await else { panic!("no delivery") };
            let waiting = bytes / first.bytes();
            assert!((8..=10).contains(&waiting), "{waiting} wait");
            for _ in 1..waiting {
                source.next().await.unwrap();
            }
        }
        let budget = Arc::clone(&source.budget);
        drop(source);
        until("the thread has ended", PATIENCE, async || Arc::strong_count(&budget) == 1).await;
    }
}
