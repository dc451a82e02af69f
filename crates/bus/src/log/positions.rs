//! Where a topic ends and how far a group has come.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use model::Timestamp;
use rusqlite::{Connection, OptionalExtension};
use tokio::task::spawn_blocking;

use super::topics::{Standing, missing, standings};
use super::{Log, file, locked};
use crate::{BusError, Offsets, PartitionPosition, Topic};

/// A view of one topic and one group.
#[derive(Clone)]
pub struct Positions {
    connection: Arc<Mutex<Connection>>,
    topic: Arc<str>,
    group: Arc<str>,
}

impl Positions {
    /// A view of the topic for the group. Its questions fail as long as the topic is missing.
    pub fn new(log: &Log, topic: &Topic, group: &str) -> Self {
        Self { connection: Arc::clone(&log.0.reads), topic: topic.name.as_str().into(), group: group.into() }
    }

    /// See [`Positions::committed`](crate::Positions::committed).
    pub async fn committed(&self) -> Result<Offsets, BusError> {
        let committed = |at: &Standing| Some((at.partition, at.committed?));
        Ok(self.standings().await?.iter().filter_map(committed).collect())
    }

    /// See [`Positions::partitions`](crate::Positions::partitions).
    pub async fn partitions(&self) -> Result<Vec<PartitionPosition>, BusError> {
        let position = |at: &Standing| PartitionPosition {
            partition: at.partition,
            begin: at.begin,
            end: at.end,
            committed: at.committed.unwrap_or(at.begin),
        };
        Ok(self.standings().await?.iter().map(position).collect())
    }

    /// See [`Positions::append_times`](crate::Positions::append_times).
    pub async fn append_times(&self, offsets: Offsets) -> Result<BTreeMap<i32, Timestamp>, BusError> {
        let topic = Arc::clone(&self.topic);
        self.ask(move |connection| {
            let mut times = BTreeMap::new();
            for (partition, offset) in offsets {
                if let Some(found) = append_ms(connection, &topic, partition, offset)? {
                    times.insert(partition, Timestamp::from_millis(found).unwrap_or_default());
                }
            }
            Ok(times)
        })
        .await
    }

    /// Whether there is such a topic.
    pub(super) async fn exists(&self) -> Result<bool, BusError> {
        Ok(!self.found().await?.is_empty())
    }

    /// The standing of each partition; none when there is no such topic.
    async fn found(&self) -> Result<Vec<Standing>, BusError> {
        let (topic, group) = (Arc::clone(&self.topic), Arc::clone(&self.group));
        self.ask(move |connection| standings(connection, &topic, &group)).await
    }

    async fn standings(&self) -> Result<Vec<Standing>, BusError> {
        let standings = self.found().await?;
        if standings.is_empty() { Err(missing(&self.topic)) } else { Ok(standings) }
    }

    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, BusError> {
        let connection = Arc::clone(&self.connection);
        let answer = spawn_blocking(move || question(&locked(&connection))).await;
        let unavailable = |error: &dyn ToString| BusError::unavailable("asking the log", error.to_string());
        answer.map_err(|error| unavailable(&error))?.map_err(|error| unavailable(&error))
    }
}

pub(super) fn append_ms(
    connection: &Connection,
    topic: &str,
    partition: i32,
    offset: i64,
) -> rusqlite::Result<Option<i64>> {
    let mut slots =
        connection.prepare_cached("SELECT slot FROM partitions WHERE topic = ?1 AND partition = ?2")?;
    let Some(slot) = slots.query_row((topic, partition), |row| row.get(0)).optional()? else {
        return Ok(None);
    };
    let mut times = connection
        .prepare_cached("SELECT append_ms FROM records WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT 1")?;
    let range = (file::row(slot, offset.max(0)), file::row(slot + 1, 0));
    times.query_row(range, |row| row.get(0)).optional()
}
