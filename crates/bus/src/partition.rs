//! Which partition a key belongs to.

use std::fmt;
use std::time::Duration;

use model::Timestamp;

/// How far ahead of the clock an event's own time may lie. A partition count may change later only.
pub(crate) const AHEAD: Duration = Duration::from_hours(24);

/// How many partitions were in use when. A key stays for good in the partition that the count in
/// force at its own time gives it, so partitions can be added without an event changing its partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Each count holds from its time on; the first from the beginning.
    counts: Vec<(Timestamp, u16)>,
}

/// The text is no schedule.
#[derive(Debug, thiserror::Error)]
#[error("expected COUNT[,TIME=COUNT…], times in RFC 3339 growing, counts from 1 to 10000; not {0:?}")]
pub struct ScheduleError(String);

impl Schedule {
    /// A schedule of one partition count for all time.
    pub fn constant(count: u16) -> Self {
        Self { counts: vec![(Timestamp::default(), count.max(1))] }
    }

    /// Reads `12` or `12,2027-01-01T00:00:00Z=24`.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let entry = |part: &str| {
            let (since, count) = match part.split_once('=') {
                Some((since, count)) => (Timestamp::parse(since.trim())?, count),
                None => (Timestamp::default(), part),
            };
            let count = count.trim().parse().ok().filter(|count| (1..=10_000).contains(count))?;
            Some((since, count))
        };
        let counts: Option<Vec<_>> = text.split(',').map(entry).collect();
        match counts {
            Some(mut counts) if starts_at_the_beginning_and_grows(&counts) => {
                counts.dedup_by_key(|(_, count)| *count);
                Ok(Self { counts })
            }
            _ => Err(ScheduleError(text.to_owned())),
        }
    }

    /// Whether this schedule, in force until `now`, may be followed by `next`: all that it says stays, and
    /// what is added lies so far ahead that there is no event of that time yet.
    pub(crate) fn may_become(&self, next: &Self, now: Timestamp) -> bool {
        let added = next.counts.strip_prefix(self.counts.as_slice());
        let ahead = i64::try_from(AHEAD.as_millis()).unwrap_or(i64::MAX);
        added.is_some_and(|added| added.iter().all(|(since, _)| since.millis() - now.millis() > ahead))
    }

    /// Whether both say the same of all times up to `at`.
    pub(crate) fn agrees_until(&self, other: &Self, at: Timestamp) -> bool {
        let until = |schedule: &Self| schedule.counts.iter().take_while(|(since, _)| *since <= at).count();
        self.counts.get(..until(self)) == other.counts.get(..until(other))
    }

    /// The partition of a key whose own time is `at`.
    pub fn partition(&self, key: &[u8], at: Timestamp) -> i32 {
        let in_force = self.counts.iter().take_while(|(since, _)| *since <= at).last();
        let count = in_force.map_or(1, |(_, count)| *count);
        let positive = murmur2(key) & 0x7fff_ffff;
        i32::try_from(positive % u32::from(count)).unwrap_or_default()
    }

    /// The most partitions it ever uses.
    pub fn partitions(&self) -> u16 {
        self.counts.iter().map(|(_, count)| *count).max().unwrap_or(1)
    }
}

fn starts_at_the_beginning_and_grows(counts: &[(Timestamp, u16)]) -> bool {
    counts.first().is_some_and(|(since, _)| *since == Timestamp::default())
        && counts.is_sorted_by(|a, b| a.0 < b.0)
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (since, count)) in self.counts.iter().enumerate() {
            if i == 0 { write!(f, "{count}")? } else { write!(f, ",{since}={count}")? }
        }
        Ok(())
    }
}

/// Kafka's own hash of a key: `org.apache.kafka.common.utils.Utils.murmur2`.
fn murmur2(data: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut hash = 0x9747_b28c ^ u32::try_from(data.len()).unwrap_or(u32::MAX);
    let (words, rest) = data.as_chunks::<4>();
    for word in words {
        let mut k = u32::from_le_bytes(*word).wrapping_mul(M);
        k ^= k >> 24;
        hash = hash.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    if !rest.is_empty() {
        hash ^= rest.iter().rev().fold(0, |tail, byte| (tail << 8) | u32::from(*byte));
        hash = hash.wrapping_mul(M);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(M);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_kafkas() {
        // From Kafka's own UtilsTest.
        for (key, hash) in [
            ("21", -973_932_308_i32),
            ("foobar", -790_332_482),
            ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107),
        ] {
            assert_eq!(murmur2(key.as_bytes()).cast_signed(), hash, "{key}");
        }
    }

    #[test]
    fn a_key_keeps_its_partition_when_partitions_are_added_later() {
        let before = Schedule::constant(12);
        let after = Schedule::parse("12, 2027-01-01T00:00:00Z=24").unwrap();
        let old = Timestamp::parse("2026-12-31T23:59:59.999Z").unwrap();
        let new = Timestamp::parse("2027-01-01T00:00:00Z").unwrap();
        let keys: Vec<_> = (0..1_000).map(|i| format!("key-{i}")).collect();
        for key in &keys {
            assert_eq!(before.partition(key.as_bytes(), old), after.partition(key.as_bytes(), old));
        }
        let used: std::collections::BTreeSet<_> =
            keys.iter().map(|key| after.partition(key.as_bytes(), new)).collect();
        assert_eq!(used.len(), 24);
        assert_eq!(after.partitions(), 24);
        assert_eq!(after.to_string(), "12,2027-01-01T00:00:00.000Z=24");
    }

    #[test]
    fn a_schedule_may_only_grow_and_only_far_ahead() {
        let now = Timestamp::parse("2026-12-01T00:00:00Z").unwrap();
        let may = |old, new| Schedule::parse(old).unwrap().may_become(&Schedule::parse(new).unwrap(), now);
        assert!(may("12", "12") && may("12", "12,2027-01-01T00:00:00Z=24"));
        assert!(may("12,2027-01-01T00:00:00Z=24", "12,2027-01-01T00:00:00Z=24,2027-01-02T00:00:00Z=6"));
        for (old, new) in [
            ("24", "12"),
            ("12", "12,2026-11-30T00:00:00Z=24"),
            ("12", "12,2026-12-01T23:59:59Z=24"),
            ("12,2026-11-01T00:00:00Z=24", "24"),
            ("12,2027-01-01T00:00:00Z=24", "12"),
            ("12,2027-01-01T00:00:00Z=24", "12,2027-01-02T00:00:00Z=24"),
        ] {
            assert!(!may(old, new), "{old} -> {new}");
        }
        let (said_twice, said_once) = (Schedule::parse("12,2026-01-01T00:00:00Z=12"), Schedule::constant(12));
        assert_eq!(said_twice.unwrap(), said_once);
    }

    #[test]
    fn other_texts_are_no_schedules() {
        for bad in [
            "",
            "0",
            "x",
            "12,24",
            "2027-01-01T00:00:00Z=24",
            "12,soon=24",
            "12,2027-01-01T00:00:00Z=",
            "70000",
        ] {
            assert!(Schedule::parse(bad).is_err(), "{bad:?}");
        }
    }
}
