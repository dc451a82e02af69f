//! A batch: deliveries that gather until they are due to be written.

use std::time::Duration;

use bus::{Delivery, Offsets};
use tokio::time::Instant;

use crate::Config;

/// A batch that is almost full waits longer than an almost empty one, by so many flush intervals.
const LONGER: u32 = 3;

/// Raw deliveries in the order of the log per partition, with the offsets that they cover.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) deliveries: Vec<Delivery>,
    bytes: usize,
    since: Option<Instant>,
}

impl Batch {
    pub(crate) fn push(&mut self, delivery: Delivery) {
        self.since.get_or_insert_with(Instant::now);
        self.bytes += delivery.bytes();
        self.deliveries.push(delivery);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.deliveries.is_empty()
    }

    /// The bytes of memory that the deliveries take.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether the batch has reached the largest size that it may have, in bytes.
    pub(crate) fn is_full(&self, config: &Config) -> bool {
        !self.is_empty() && self.bytes >= config.max_batch_bytes
    }

    /// When the batch should be written; `None` while it is empty. The fuller it is, the longer it waits: two small
    /// inserts cost ClickHouse almost twice what one of the size of both does.
    pub(crate) fn due_at(&self, config: &Config) -> Option<Instant> {
        let since = self.since?;
        if self.deliveries.len() >= config.batch_size || self.is_full(config) {
            return Some(since);
        }
        let calm = Duration::from_millis(config.flush_interval_ms);
        let size = u32::try_from(config.batch_size).unwrap_or(u32::MAX);
        let filled = u32::try_from(self.deliveries.len()).unwrap_or(size);
        Some(since + calm + calm.saturating_mul(LONGER).saturating_mul(filled) / size)
    }

    /// Drops the deliveries of these partitions, which their new owner gets again. Returns how many were dropped.
    pub(crate) fn drop_partitions(&mut self, partitions: &[i32]) -> usize {
        let before = self.deliveries.len();
        self.deliveries.retain(|delivery| !partitions.contains(&delivery.partition));
        self.bytes = self.deliveries.iter().map(Delivery::bytes).sum();
        if self.deliveries.is_empty() {
            self.since = None;
        }
        before - self.deliveries.len()
    }

    /// The offsets to commit once the batch is written.
    pub(crate) fn next_offsets(&self) -> Offsets {
        let mut next = Offsets::new();
        for delivery in &self.deliveries {
            next.insert(delivery.partition, delivery.offset + 1);
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(partition: i32, offset: i64, bytes: usize) -> Delivery {
        Delivery { partition, offset, append_ms: None, key: None, value: vec![0; bytes], headers: Vec::new() }
    }

    #[test]
    fn a_batch_is_due_when_it_is_old_or_large() {
        let config =
            Config { batch_size: 3, flush_interval_ms: 60_000, max_batch_bytes: 10_000, ..Config::default() };
        let mut batch = Batch::default();
        assert_eq!(batch.due_at(&config), None);
        batch.push(delivery(0, 7, 1));
        batch.push(delivery(1, 3, 1));
        assert!(batch.due_at(&config).unwrap() > Instant::now());
        let of_two = batch.due_at(&config).unwrap();
        batch.drop_partitions(&[1]);
        assert_eq!(of_two - batch.due_at(&config).unwrap(), Duration::from_mins(1), "the fuller the longer");
        batch.push(delivery(1, 3, 1));
        batch.push(delivery(0, 8, 1));
        assert!(batch.due_at(&config).unwrap() <= Instant::now());
        assert_eq!(batch.next_offsets(), Offsets::from([(0, 9), (1, 4)]));
        assert!(!batch.is_full(&config));
        batch.push(delivery(1, 4, 10_000));
        assert!(batch.is_full(&config));
    }

    #[test]
    fn a_revoked_partition_takes_its_deliveries_along() {
        let mut batch = Batch::default();
        batch.push(delivery(0, 7, 1));
        batch.push(delivery(1, 3, 1));
        batch.drop_partitions(&[0]);
        assert_eq!(batch.next_offsets(), Offsets::from([(1, 4)]));
        batch.drop_partitions(&[1]);
        assert!(batch.is_empty() && batch.due_at(&Config::default()).is_none());
    }
}
