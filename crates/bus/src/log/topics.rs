//! What the writer knows of each partition, and what anyone can ask of it.

use std::collections::HashMap;

use rusqlite::{Connection, Transaction, params};

use super::file;
use crate::BusError;

/// Every topic with its partitions, as the file has them and the open transaction leaves them.
pub(super) struct Topics(HashMap<String, Vec<Head>>);

/// Where a partition goes on.
struct Head {
    slot: i64,
    next: i64,
    append_ms: i64,
    changed: bool,
}

/// What a record gets.
pub(super) struct Place {
    pub(super) row: i64,
    pub(super) offset: i64,
    pub(super) append_ms: i64,
}

impl Topics {
    pub(super) fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let mut statement = connection.prepare_cached(
            "SELECT topic, slot, next, append_ms FROM partitions ORDER BY topic, partition",
        )?;
        let mut topics: HashMap<String, Vec<Head>> = HashMap::new();
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            let head = Head { slot: row.get(1)?, next: row.get(2)?, append_ms: row.get(3)?, changed: false };
            topics.entry(row.get(0)?).or_default().push(head);
        }
        Ok(Self(topics))
    }

    /// Makes the topic, or says why the one that is there won't do.
    pub(super) fn ensure(
        &mut self,
        transaction: &Transaction<'_>,
        name: &str,
        wanted: u16,
    ) -> rusqlite::Result<Result<(), BusError>> {
        if let Some(heads) = self.0.get(name) {
            let there = heads.len();
            return Ok(if there < usize::from(wanted) {
                Err(BusError::Refused(format!(
                    "topic {name} has {there} partitions, the schedule needs {wanted}"
                )))
            } else {
                Ok(())
            });
        }
        let mut statement = transaction.prepare_cached(
            "INSERT INTO partitions (topic, partition, next, append_ms) VALUES (?1, ?2, 0, 0) RETURNING slot",
        )?;
        let head = |slot| Head { slot, next: 0, append_ms: 0, changed: false };
        let heads: rusqlite::Result<Vec<Head>> = (0..wanted)
            .map(|partition| statement.query_row(params![name, partition], |row| row.get(0)).map(head))
            .collect();
        self.0.insert(name.to_owned(), heads?);
        Ok(Ok(()))
    }

    pub(super) fn slot(&self, topic: &str, partition: i32) -> Option<i64> {
        let heads = self.0.get(topic)?;
        heads.get(usize::try_from(partition).ok()?).map(|head| head.slot)
    }

    /// The next place of a partition; `None` when there is no such partition. Its time is `now`, but
    /// never before that of the record before it.
    pub(super) fn place(&mut self, topic: &str, partition: i32, now: i64) -> Option<Place> {
        let head = self.0.get_mut(topic)?.get_mut(usize::try_from(partition).ok()?)?;
        let offset = head.next;
        head.next += 1;
        head.append_ms = head.append_ms.max(now);
        head.changed = true;
        Some(Place { row: file::row(head.slot, offset), offset, append_ms: head.append_ms })
    }

    /// Writes what changed since the last time.
    pub(super) fn save(&mut self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let mut statement =
            transaction.prepare_cached("UPDATE partitions SET next = ?2, append_ms = ?3 WHERE slot = ?1")?;
        for head in self.0.values_mut().flatten().filter(|head| head.changed) {
            statement.execute((head.slot, head.next, head.append_ms))?;
            head.changed = false;
        }
        Ok(())
    }
}

/// A partition, as the file has it and a group sees it.
pub(super) struct Standing {
    pub(super) partition: i32,
    pub(super) slot: i64,
    /// The first offset that is still there; `end` when none is.
    pub(super) begin: i64,
    pub(super) end: i64,
    pub(super) committed: Option<i64>,
}

/// Every partition of a topic, in order, at one moment; none when there is no such topic.
pub(super) fn standings(
    connection: &Connection,
    topic: &str,
    group: &str,
) -> rusqlite::Result<Vec<Standing>> {
    let mut statement = connection.prepare_cached(
        "SELECT partition, p.slot, p.next, c.next,
                (SELECT id FROM records WHERE id >= p.slot << 44 AND id < (p.slot + 1) << 44 ORDER BY id LIMIT 1)
         FROM partitions AS p
         LEFT JOIN commits AS c ON c.slot = p.slot AND c.consumer_group = ?2
         WHERE topic = ?1
         ORDER BY partition",
    )?;
    let standings = statement.query_map((topic, group), |row| {
        let end = row.get(2)?;
        let first: Option<i64> = row.get(4)?;
        Ok(Standing {
            partition: row.get(0)?,
            slot: row.get(1)?,
            begin: first.map_or(end, file::offset),
            end,
            committed: row.get(3)?,
        })
    })?;
    standings.collect()
}

/// What is said of a topic that [`standings`] doesn't find.
pub(super) fn missing(topic: &str) -> BusError {
    BusError::unavailable("looking at the log", format!("there is no topic {topic}"))
}
