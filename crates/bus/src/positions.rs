//! Where a topic begins and ends, and how far a group has come.

use std::collections::BTreeMap;

use model::Timestamp;

use crate::{BusError, Offsets, kafka, log};

/// One partition of a topic, seen by one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionPosition {
    /// The partition.
    pub partition: i32,
    /// The first offset that is still there.
    pub begin: i64,
    /// The offset that the next record will get.
    pub end: i64,
    /// The next offset the group will read; `begin` as long as it has committed none.
    pub committed: i64,
}

impl PartitionPosition {
    /// How many offsets the group has yet to read; see [`Positions::oldest_uncommitted`].
    pub fn lag(&self) -> i64 {
        (self.end - self.committed).max(0)
    }
}

/// A view of one topic and one group. Never joins the group.
#[derive(Clone)]
pub enum Positions {
    /// In Kafka.
    Kafka(kafka::Positions),
    /// In the embedded log.
    Log(log::Positions),
}

impl Positions {
    /// What the group has committed; partitions without a commit are absent.
    pub async fn committed(&self) -> Result<Offsets, BusError> {
        match self {
            Self::Kafka(positions) => positions.committed().await,
            Self::Log(positions) => positions.committed().await,
        }
    }

    /// Every partition of the topic, in order.
    pub async fn partitions(&self) -> Result<Vec<PartitionPosition>, BusError> {
        match self {
            Self::Kafka(positions) => positions.partitions().await,
            Self::Log(positions) => positions.partitions().await,
        }
    }

    /// When the oldest record that the group has yet to commit was appended, of each of these partitions
    /// that has one. Without one a lag is none: in Kafka the marks that end transactions have offsets too.
    pub async fn oldest_uncommitted(
        &self,
        partitions: &[PartitionPosition],
    ) -> Result<BTreeMap<i32, Timestamp>, BusError> {
        let lagging = partitions.iter().filter(|at| at.lag() > 0);
        self.append_times(lagging.map(|at| (at.partition, at.committed)).collect()).await
    }

    /// The offset of the newest record that the group has yet to commit in a partition; `None` when there
    /// is none.
    pub async fn newest_uncommitted(&self, partition: i32) -> Result<Option<i64>, BusError> {
        let all = self.partitions().await?;
        let Some(at) = all.into_iter().find(|at| at.partition == partition && at.lag() > 0) else {
            return Ok(None);
        };
        // Mostly the last offset is a record's. Else one lies a few marks back, or none does.
        let (mut none_from, mut step) = (at.end, 1);
        let mut found = loop {
            let offset = (at.end - step).max(at.committed);
            if self.append_time(partition, offset).await?.is_some() {
                break offset;
            }
            if offset == at.committed {
                return Ok(None);
            }
            (none_from, step) = (offset, 2 * step);
        };
        while none_from - found > 1 {
            let middle = found.midpoint(none_from);
            match self.append_time(partition, middle).await? {
                Some(_) => found = middle,
                None => none_from = middle,
            }
        }
        Ok(Some(found))
    }

    /// When the first record at or after the offset was appended; `None` when there is none.
    pub async fn append_time(&self, partition: i32, offset: i64) -> Result<Option<Timestamp>, BusError> {
        Ok(self.append_times(Offsets::from([(partition, offset)])).await?.remove(&partition))
    }

    /// When the first record at or after the given offset of each partition was appended. Partitions without such
    /// a record are left out.
    pub async fn append_times(&self, offsets: Offsets) -> Result<BTreeMap<i32, Timestamp>, BusError> {
        match self {
            Self::Kafka(positions) => positions.append_times(offsets).await,
            Self::Log(positions) => positions.append_times(offsets).await,
        }
    }
}
