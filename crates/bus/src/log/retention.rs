//! Removes what is old: of a topic with consumers what they need no longer to read, of one with limits of
//! its own what is beyond them.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use rusqlite::{Connection, Transaction};

use super::{Members, file, locked};
use crate::Keep;

/// The most that one step removes: appends wait meanwhile.
const STEP: i64 = 1_000;

/// How many records one step measures, at about 1 µs each.
const MEASURED: i64 = 10_000;

/// What a record takes, with 64 bytes, more or less, beside what is in it.
const SIZE: &str = "length(value) + coalesce(length(key), 0) + coalesce(length(headers), 0) + 64";

pub(super) struct Retention {
    /// How old a record of a topic with consumers must be, in milliseconds.
    age_ms: i64,
    /// Who reads now.
    members: Members,
    /// Topics with limits of their own.
    limits: HashMap<String, Limits>,
    /// What is in the partitions with limits, by their slots. Empty at the start and after an error.
    measured: HashMap<i64, Measured>,
}

struct Limits {
    ms: i64,
    bytes: i64,
}

/// What the records of a partition take in all.
#[derive(Clone, Copy, Default)]
struct Measured {
    /// Up to which offset they are counted.
    end: i64,
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
        Self { age_ms, members, limits: HashMap::new(), measured: HashMap::new() }
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
        let more = self.step(connection, now_ms);
        if more.is_err() {
            self.measured.clear();
        }
        more
    }

    fn step(&mut self, connection: &mut Connection, now_ms: i64) -> rusqlite::Result<bool> {
        let transaction = connection.transaction()?;
        let partitions = partitions(&transaction)?;
        let read = self.read(&partitions);
        let (mut left, mut to_measure) = (STEP, MEASURED);
        for (Partition { topic, slot, end, .. }, read) in partitions.iter().zip(read) {
            let Some(limits) = self.limits.get(topic) else {
                let before = now_ms.saturating_sub(self.age_ms);
                left -= remove_before(&transaction, *slot, read, before, left)?;
                continue;
            };
            let measured = self.measured.entry(*slot).or_default();
            to_measure -= measured.go_on(&transaction, *slot, *end, to_measure)?;
            left -= measured.remove_beyond(&transaction, *slot, limits, now_ms, left)?;
        }
        transaction.commit()?;
        Ok(left == 0 || to_measure == 0)
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

impl Measured {
    /// Counts further records up to `end`, and says how many.
    fn go_on(
        &mut self,
        transaction: &Transaction<'_>,
        slot: i64,
        end: i64,
        most: i64,
    ) -> rusqlite::Result<i64> {
        if self.end == end {
            return Ok(0);
        }
        let mut statement = transaction.prepare_cached(&format!(
            "SELECT count(*), coalesce(sum(size), 0), max(id) FROM (
                 SELECT id, {SIZE} AS size FROM records WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3)"
        ))?;
        let range = (file::row(slot, self.end), file::row(slot, end));
        let (records, bytes, last): (i64, i64, Option<i64>) = statement
            .query_row((range.0, range.1, most), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        self.bytes += bytes;
        self.end = match last {
            Some(last) if records == most => file::offset(last) + 1,
            _ => end,
        };
        Ok(records)
    }

    /// Removes the oldest of the records that are counted, as long as they are too old or too large in all,
    /// and says how many.
    fn remove_beyond(
        &mut self,
        transaction: &Transaction<'_>,
        slot: i64,
        limits: &Limits,
        now_ms: i64,
        most: i64,
    ) -> rusqlite::Result<i64> {
        let mut oldest = transaction.prepare_cached(&format!(
            "SELECT id, append_ms, {SIZE} FROM records WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3"
        ))?;
        let begin = file::row(slot, 0);
        let mut rows = oldest.query((begin, file::row(slot, self.end), most))?;
        let (mut removed, mut last) = (0, None);
        while let Some(row) = rows.next()? {
            let append_ms: i64 = row.get(1)?;
            if append_ms >= now_ms.saturating_sub(limits.ms) && self.bytes <= limits.bytes {
                break;
            }
            let size: i64 = row.get(2)?;
            self.bytes -= size;
            last = Some(row.get::<_, i64>(0)?);
            removed += 1;
        }
        if let Some(last) = last {
            let mut delete = transaction.prepare_cached("DELETE FROM records WHERE id >= ?1 AND id <= ?2")?;
            delete.execute((begin, last))?;
        }
        Ok(removed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOPIC: &str = "letters";

    fn append(connection: &Connection, offsets: std::ops::Range<i64>) {
        let insert = "WITH RECURSIVE at (id) AS (SELECT ?1 UNION ALL SELECT id + 1 FROM at WHERE id + 1 < ?2)
             INSERT INTO records (id, append_ms, value) SELECT id, 0, zeroblob(36) FROM at";
        connection.execute(insert, (file::row(1, offsets.start), file::row(1, offsets.end))).unwrap();
        let partition = "INSERT OR REPLACE INTO partitions VALUES (1, ?1, 0, ?2, 0)";
        connection.execute(partition, (TOPIC, offsets.end)).unwrap();
    }

    /// How many steps a look takes, and which offsets are left.
    fn look(retention: &mut Retention, connection: &mut Connection) -> (usize, (i64, i64)) {
        let mut steps = 1;
        while retention.remove_some(connection, 0).unwrap() {
            steps += 1;
        }
        let left = connection
            .query_row("SELECT min(id), max(id) FROM records", (), |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        (steps, (file::offset(left.0), file::offset(left.1)))
    }

    #[test]
    fn a_large_partition_is_measured_once_and_in_small_steps() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = file::open(&folder.path().join("log")).unwrap();
        let mut retention = Retention::new(Duration::MAX, Members::default());
        // Of 100 bytes each.
        let records = 3 * MEASURED + 1;
        let bytes = u64::try_from(records * 100).unwrap();
        retention.keep(TOPIC, Keep::Within { ms: 1, bytes });
        append(&connection, 0..records);
        assert_eq!(look(&mut retention, &mut connection), (4, (0, records - 1)));
        append(&connection, records..records + 1);
        assert_eq!(look(&mut retention, &mut connection), (1, (1, records)));

        // No more than a step at once.
        append(&connection, records + 1..records + 1 + 2 * STEP);
        assert_eq!(look(&mut retention, &mut connection), (3, (1 + 2 * STEP, records + 2 * STEP)));
    }
}
