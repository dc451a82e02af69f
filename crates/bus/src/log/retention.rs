//! Removes what is old: of a topic with consumers what they need no longer to read, of one with limits of
//! its own what is beyond them.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use rusqlite::{Connection, Transaction};

use super::{Members, file, locked};
use crate::Keep;

/// The most that one step removes: appends wait meanwhile.
const STEP: i64 = 1_000;

/// What a record takes beside its key and value, more or less, in bytes.
const RECORD_BYTES: i64 = 64;

pub(super) struct Retention {
    /// How old a record of a topic with consumers must be, in milliseconds.
    age_ms: i64,
    /// Who reads now.
    members: Members,
    /// Topics with limits of their own.
    limits: HashMap<String, Limits>,
    /// Where a partition ended, by its slot, when it was last seen to be within its size.
    within: HashMap<i64, i64>,
}

struct Limits {
    ms: i64,
    bytes: i64,
}

/// A partition, and where its readers are.
struct Partition {
    topic: String,
    slot: i64,
    /// The next offset.
    end: i64,
    /// What each group has committed.
    committed: HashMap<String, i64>,
}

impl Retention {
    pub(super) fn new(age: Duration, members: Members) -> Self {
        let age_ms = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
        Self { age_ms, members, limits: HashMap::new(), within: HashMap::new() }
    }

    /// From now on the topic keeps its records so long.
    pub(super) fn keep(&mut self, topic: &str, keep: Keep) {
        if let Keep::Within { ms, bytes } = keep {
            let [ms, bytes] = [ms, bytes].map(|limit| i64::try_from(limit).unwrap_or(i64::MAX));
            self.limits.insert(topic.to_owned(), Limits { ms, bytes });
        }
    }

    /// Removes some records, and returns whether there may be more. Of a topic without limits of its own
    /// these are records that are old and that its groups have committed: the groups that read now, or, when
    /// none does, those that ever have. A group that was given up must not keep records for ever.
    /// A topic on which nobody has committed keeps all.
    pub(super) fn remove_some(&mut self, connection: &mut Connection, now_ms: i64) -> rusqlite::Result<bool> {
        let transaction = connection.transaction()?;
        let partitions = partitions(&transaction)?;
        let read = self.read(&partitions);
        let mut left = STEP;
        for (Partition { topic, slot, end, .. }, read) in partitions.iter().zip(read) {
            let Some(limits) = self.limits.get(topic) else {
                let before = now_ms.saturating_sub(self.age_ms);
                left -= remove_before(&transaction, *slot, read, before, left)?;
                continue;
            };
            left -= remove_before(&transaction, *slot, *end, now_ms.saturating_sub(limits.ms), left)?;
            if left > 0 && self.within.get(slot) != Some(end) {
                left -= remove_beyond(&transaction, *slot, *end, limits.bytes, left)?;
                if left > 0 {
                    self.within.insert(*slot, *end);
                }
            }
        }
        transaction.commit()?;
        Ok(left == 0)
    }

    /// Up to which offset each partition was read by all who have to.
    fn read(&self, partitions: &[Partition]) -> Vec<i64> {
        let mut groups: HashMap<&str, HashSet<&str>> = HashMap::new();
        let members = locked(&self.members);
        for (topic, group) in &*members {
            groups.entry(topic).or_default().insert(group);
        }
        for Partition { topic, committed, .. } in partitions {
            if !members.iter().any(|(read, _)| read == topic) {
                groups.entry(topic).or_default().extend(committed.keys().map(String::as_str));
            }
        }
        let read = |partition: &Partition| {
            let groups = groups.get(partition.topic.as_str())?;
            groups.iter().map(|group| partition.committed.get(*group).copied().unwrap_or_default()).min()
        };
        partitions.iter().map(|partition| read(partition).unwrap_or_default()).collect()
    }
}

fn partitions(transaction: &Transaction<'_>) -> rusqlite::Result<Vec<Partition>> {
    let mut committed: HashMap<i64, HashMap<String, i64>> = HashMap::new();
    let mut commits = transaction.prepare_cached("SELECT slot, consumer_group, next FROM commits")?;
    let mut rows = commits.query(())?;
    while let Some(row) = rows.next()? {
        committed.entry(row.get(0)?).or_default().insert(row.get(1)?, row.get(2)?);
    }
    let mut partitions = transaction.prepare_cached("SELECT topic, slot, next FROM partitions")?;
    let partitions = partitions.query_map((), |row| {
        let slot = row.get(1)?;
        let committed = committed.remove(&slot).unwrap_or_default();
        Ok(Partition { topic: row.get(0)?, slot, end: row.get(2)?, committed })
    })?;
    partitions.collect()
}

/// Removes records in front of an offset that were appended before that time, and says how many.
fn remove_before(
    transaction: &Transaction<'_>,
    slot: i64,
    offset: i64,
    before_ms: i64,
    most: i64,
) -> rusqlite::Result<i64> {
    let mut statement = transaction.prepare_cached(
        "DELETE FROM records WHERE append_ms < ?3 AND id IN (
             SELECT id FROM records WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?4)",
    )?;
    let removed = statement.execute((file::row(slot, 0), file::row(slot, offset), before_ms, most))?;
    Ok(i64::try_from(removed).unwrap_or(most))
}

/// Removes the oldest records of a partition that has more than so many bytes, and says how many.
fn remove_beyond(
    transaction: &Transaction<'_>,
    slot: i64,
    end: i64,
    bytes: i64,
    most: i64,
) -> rusqlite::Result<i64> {
    let mut statement = transaction.prepare_cached(
        "DELETE FROM records WHERE id IN (
             SELECT id FROM (
                 SELECT id, sum(length(value) + coalesce(length(key), 0) + coalesce(length(headers), 0) + ?4)
                     OVER (ORDER BY id DESC) AS size
                 FROM records WHERE id >= ?1 AND id < ?2)
             WHERE size > ?3 ORDER BY id LIMIT ?5)",
    )?;
    let range = (file::row(slot, 0), file::row(slot, end));
    let removed = statement.execute((range.0, range.1, bytes, RECORD_BYTES, most))?;
    Ok(i64::try_from(removed).unwrap_or(most))
}
