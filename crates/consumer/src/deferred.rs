//! Deliveries that are put aside since their batch spans too many months.
//!
//! A month is a partition of the table, and an insert makes a part of each month that it touches: one of
//! thousands of months would hold up everybody for as long as that takes. The months nearest to the present
//! are written as ever; the others wait here, and are written by and by, between the batches that come. All
//! operations on one event are of one month, and none overtakes another: while some of a month wait, so do
//! those that follow.

use std::collections::{BTreeSet, HashMap, VecDeque};

use bus::{Delivery, Offsets};
use model::{EventId, Timestamp};

/// One insert touches at most so many months.
const MONTHS: usize = 24;
/// Times that lie at most so many days apart are of at most [`MONTHS`] months.
const FEW_DAYS: u64 = 28 * (MONTHS as u64 - 2);

/// The deliveries that wait, and those of them that are being written.
#[derive(Default)]
pub(crate) struct Deferred {
    /// The month and the delivery, in the order in which the deliveries came.
    waiting: VecDeque<(u32, Delivery)>,
    /// How many deliveries of each month wait.
    months: HashMap<u32, usize>,
    bytes: usize,
    /// The first offset of each partition that is being written.
    writing: Offsets,
}

impl Deferred {
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The bytes of memory that the waiting deliveries take.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Keeps the deliveries that must wait, and returns those to write now: of at most [`MONTHS`] months, none of which
    /// has deliveries that wait already.
    pub(crate) fn split(&mut self, deliveries: Vec<Delivery>) -> Vec<Delivery> {
        if self.is_empty() && spans_few_months(&deliveries) {
            return deliveries;
        }
        let months: Vec<_> = deliveries.iter().map(month).collect();
        let all: BTreeSet<_> = months.iter().flatten().copied().collect();
        if all.len() <= MONTHS && !all.iter().any(|month| self.months.contains_key(month)) {
            return deliveries;
        }
        let now = Timestamp::now().month();
        let mut near: Vec<_> = all.into_iter().filter(|month| !self.months.contains_key(month)).collect();
        near.sort_by_key(|month| month.abs_diff(now));
        near.truncate(MONTHS);
        let mut rest = Vec::with_capacity(deliveries.len());
        for (month, delivery) in months.into_iter().zip(deliveries) {
            match month {
                Some(month) if !near.contains(&month) => self.push(month, delivery),
                // What is no event's makes no row.
                _ => rest.push(delivery),
            }
        }
        tracing::debug!(waiting = self.waiting.len(), months = self.months.len(), "put deliveries aside");
        rest
    }

    /// Takes the deliveries of the [`MONTHS`] months that have waited longest, to be written at once.
    pub(crate) fn next(&mut self) -> Vec<Delivery> {
        let mut months = BTreeSet::new();
        for (month, _) in &self.waiting {
            if months.len() == MONTHS {
                break;
            }
            months.insert(*month);
        }
        let (mut next, mut others) = (Vec::new(), VecDeque::new());
        for (month, delivery) in std::mem::take(&mut self.waiting) {
            if months.contains(&month) {
                self.writing.entry(delivery.partition).or_insert(delivery.offset);
                next.push(delivery);
            } else {
                others.push_back((month, delivery));
            }
        }
        self.waiting = others;
        self.recount();
        next
    }

    /// The deliveries that [`Deferred::next`] gave are written.
    pub(crate) fn written(&mut self) {
        self.writing.clear();
    }

    /// The first offset of each partition whose delivery is not written yet: no greater offset may be committed.
    pub(crate) fn first_offsets(&self) -> Offsets {
        let mut first = self.writing.clone();
        for (_, Delivery { partition, offset, .. }) in &self.waiting {
            let known = first.entry(*partition).or_insert(*offset);
            *known = (*known).min(*offset);
        }
        first
    }

    /// Drops the deliveries of these partitions, and returns how many waited.
    pub(crate) fn drop_partitions(&mut self, partitions: &[i32]) -> usize {
        let before = self.waiting.len();
        self.waiting.retain(|(_, delivery)| !partitions.contains(&delivery.partition));
        self.writing.retain(|partition, _| !partitions.contains(partition));
        self.recount();
        before - self.waiting.len()
    }

    fn push(&mut self, month: u32, delivery: Delivery) {
        *self.months.entry(month).or_default() += 1;
        self.bytes += delivery.bytes();
        self.waiting.push_back((month, delivery));
    }

    fn recount(&mut self) {
        self.months.clear();
        for (month, _) in &self.waiting {
            *self.months.entry(*month).or_default() += 1;
        }
        self.bytes = self.waiting.iter().map(|(_, delivery)| delivery.bytes()).sum();
    }
}

/// Whether the deliveries certainly span at most [`MONTHS`] months, judging by the times alone, which are the first
/// digits of their keys.
fn spans_few_months(deliveries: &[Delivery]) -> bool {
    let millis = |delivery: &Delivery| {
        let key = delivery.key.as_deref().and_then(|key| str::from_utf8(key).ok()).unwrap_or_default();
        let (high, low) = (key.get(..8).unwrap_or_default(), key.get(9..13).unwrap_or_default());
        let half = |digits| u64::from_str_radix(digits, 16).unwrap_or_default();
        half(high) << 16 | half(low)
    };
    let (first, last) = deliveries
        .iter()
        .map(millis)
        .fold((u64::MAX, 0), |(first, last), millis| (first.min(millis), last.max(millis)));
    // So many of the shortest months, and one that was begun.
    last.saturating_sub(first) < FEW_DAYS * 86_400_000
}

/// The month of the delivery's event, by the id that is the message's key; `None` if the key is no id.
fn month(delivery: &Delivery) -> Option<u32> {
    let key = str::from_utf8(delivery.key.as_deref()?).ok()?;
    Some(EventId::parse(key).ok()?.created_at().month())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A delivery of an event that lies so many months ago.
    fn delivery(months_ago: i64, offset: i64) -> Delivery {
        let at = Timestamp::now().millis() - months_ago * 31 * 86_400_000;
        let id = EventId::new(Timestamp::from_millis(at).unwrap());
        Delivery {
            partition: i32::try_from(offset % 2).unwrap(),
            offset,
            append_ms: None,
            key: Some(id.to_string().into_bytes()),
            value: Vec::new(),
            headers: Vec::new(),
        }
    }

    fn offsets(deliveries: &[Delivery]) -> Vec<i64> {
        deliveries.iter().map(|delivery| delivery.offset).collect()
    }

    fn distinct_months(deliveries: &[Delivery]) -> usize {
        deliveries.iter().map(month).collect::<BTreeSet<_>>().len()
    }

    #[test]
    fn few_months_are_written_at_once() {
        let mut deferred = Deferred::default();
        let year: Vec<_> = (0..12).map(|n| delivery(n, n)).collect();
        assert!(spans_few_months(&year) && !spans_few_months(&[delivery(0, 0), delivery(20, 1)]));
        let batch: Vec<_> = (0..100).map(|n| delivery(n % 20, n)).collect();
        assert_eq!(deferred.split(batch).len(), 100);
        assert!(deferred.is_empty() && deferred.bytes() == 0);
    }

    #[test]
    fn of_many_months_the_nearest_come_first_and_the_others_by_and_by() {
        let mut deferred = Deferred::default();
        let batch: Vec<_> = (0..200).map(|n| delivery(2 * n, n)).chain([delivery(0, 200)]).collect();
        let now = deferred.split(batch);
        assert_eq!(distinct_months(&now), MONTHS);
        assert!(offsets(&now).contains(&200), "the present is not put aside");
        assert!(deferred.bytes() > 0);
        let mut seen = now.len();
        while !deferred.is_empty() {
            let next = deferred.next();
            assert!(distinct_months(&next) <= MONTHS && next.is_sorted_by_key(|one| one.offset));
            seen += next.len();
            deferred.written();
        }
        assert_eq!((seen, deferred.bytes(), deferred.first_offsets()), (201, 0, Offsets::new()));
    }

    #[test]
    fn nothing_overtakes_what_waits_of_its_month() {
        let mut deferred = Deferred::default();
        deferred.split((0..60).map(|n| delivery(2 * n, n)).collect());
        let behind = deferred.split(vec![delivery(2 * 59, 60), delivery(0, 61)]);
        assert_eq!(offsets(&behind), [61]);
        let mut all = Vec::new();
        while !deferred.is_empty() {
            all.extend(offsets(&deferred.next()));
            deferred.written();
        }
        assert!(all.ends_with(&[59, 60]), "{all:?}");
    }

    #[test]
    fn nothing_is_committed_that_waits_or_is_being_written() {
        let mut deferred = Deferred::default();
        deferred.split((0..60).map(|n| delivery(2 * n, n)).collect());
        let first = deferred.first_offsets();
        assert_eq!(first, Offsets::from([(0, 24), (1, 25)]));
        deferred.next();
        assert_eq!(deferred.first_offsets(), first, "it is being written");
        deferred.written();
        assert!(deferred.first_offsets()[&0] > 24);
        deferred.next();
        assert_eq!(deferred.drop_partitions(&[0]), 0);
        assert_eq!(deferred.first_offsets().keys().collect::<Vec<_>>(), [&1]);
    }

    #[test]
    fn what_is_no_events_is_written_at_once() {
        let mut deferred = Deferred::default();
        let foreign = Delivery { key: Some(b"?".to_vec()), ..delivery(0, 60) };
        let now = deferred.split((0..60).map(|n| delivery(2 * n, n)).chain([foreign]).collect());
        assert!(offsets(&now).contains(&60));
    }
}
