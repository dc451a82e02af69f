//! The topic, read once: what it comes to, and whether it keeps what was promised of it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use bus::{Delivery, Offsets, Span};
use dead_letters::{REFUSED, UNKNOWN_EVENT};
use model::Timestamp;

use crate::expected::Expected;
use crate::finding::{Anomaly, Finding};
use crate::ledger::Ledger;
use crate::letters::Letters;
use crate::message::Message;
use crate::operation::{Operation, Place};

/// Grows with each delivery, in the order of offsets within a partition.
pub(crate) struct Truth<'a> {
    pub(crate) expected: Expected,
    pub(crate) findings: Vec<Finding>,
    pub(crate) records: u64,
    /// From when on a partition has all of its records: the beginning, unless retention has removed it.
    pub(crate) since: BTreeMap<i32, Timestamp>,
    letters: &'a Letters,
    ledger: &'a Ledger,
    /// What lies behind these is not yet in the table.
    ends: &'a Offsets,
    /// Promised, and not seen yet.
    promised: BTreeSet<Place>,
    /// Promised without a place, and not seen yet.
    promised_somewhere: HashSet<&'a Operation>,
}

impl<'a> Truth<'a> {
    pub(crate) fn new(letters: &'a Letters, ledger: &'a Ledger, ends: &'a Offsets) -> Self {
        Self {
            expected: Expected::default(),
            findings: Vec::new(),
            records: 0,
            since: BTreeMap::new(),
            letters,
            ledger,
            ends,
            promised: ledger.promises().keys().copied().collect(),
            promised_somewhere: ledger.promises_somewhere().iter().collect(),
        }
    }

    pub(crate) fn take(&mut self, delivery: &Delivery) {
        let place = Place { partition: delivery.partition, offset: delivery.offset };
        let first = if place.offset == 0 { Some(0) } else { delivery.append_ms };
        self.since
            .entry(place.partition)
            .or_insert_with(|| first.and_then(Timestamp::from_millis).unwrap_or(Timestamp::MAX));
        let message = Message::read(delivery);
        let operation = message.as_ref().map(Message::operation);
        if self.promised.remove(&place) {
            self.hold_to_promise(place, operation.as_ref());
        }
        if let Some(operation) = &operation {
            self.promised_somewhere.remove(operation);
        }
        if self.ends.get(&place.partition).is_none_or(|end| place.offset >= *end) {
            return;
        }
        self.records += 1;
        match message {
            Some(message) => self.apply(place, message),
            None if !self.letters.complete || self.letters.reasons.contains_key(&place) => {}
            None => self.findings.push(Finding {
                anomaly: Anomaly::Lost,
                key: None,
                detail: format!("what is at {place} is no operation and has no dead letter"),
            }),
        }
    }

    fn hold_to_promise(&mut self, place: Place, found: Option<&Operation>) {
        for promise in self.ledger.promises().get(&place).into_iter().flatten() {
            if found != Some(promise) {
                let found = found.map_or("no operation".to_owned(), ToString::to_string);
                self.findings.push(Finding {
                    anomaly: Anomaly::Lost,
                    key: Some(promise.key.clone()),
                    detail: format!("{promise} was acknowledged at {place}, where {found} is"),
                });
            }
        }
    }

    fn apply(&mut self, place: Place, message: Message) {
        // The table took no row that it was part of: it never happened.
        if self.letters.has(place, REFUSED) {
            return;
        }
        let key = message.key.clone();
        self.expected.apply(place, message);
        if self.letters.has(place, UNKNOWN_EVENT) && !self.expected.unknown.contains_key(&place) {
            self.findings.push(Finding {
                anomaly: Anomaly::Lost,
                key: Some(key),
                detail: format!(
                    "the operation at {place} is among the dead letters, but its event was there"
                ),
            });
        }
    }

    /// Once the topic was read, these parts of it.
    pub(crate) fn end(mut self, spans: &BTreeMap<i32, Span>) -> Self {
        // A partition that never had a record has them all.
        for (partition, _) in spans.iter().filter(|(_, span)| span.end == 0) {
            self.since.insert(*partition, Timestamp::default());
        }
        for place in std::mem::take(&mut self.promised) {
            // What retention has removed may have been there.
            if spans.get(&place.partition).is_some_and(|span| place.offset < span.begin) {
                continue;
            }
            for promise in self.ledger.promises().get(&place).into_iter().flatten() {
                self.findings.push(Finding {
                    anomaly: Anomaly::Lost,
                    key: Some(promise.key.clone()),
                    detail: format!("{promise} was acknowledged at {place}, where nothing is"),
                });
            }
        }
        // What retention has removed may have been any of them.
        if spans.values().all(|span| span.begin == 0) {
            self.findings.extend(self.promised_somewhere.drain().map(|promise| Finding {
                anomaly: Anomaly::Lost,
                key: Some(promise.key.clone()),
                detail: format!("{promise} was acknowledged in a batch, and is nowhere in the topic"),
            }));
        }
        self
    }
}

#[cfg(test)]
mod tests;
