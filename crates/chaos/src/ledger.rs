//! What a caller was promised: every acknowledged operation and the place that it was told.

use std::collections::BTreeMap;

use crate::operation::{Kind, Operation, Place};

/// Acknowledged operations by place, and how many attempts ended without an answer.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    acknowledged: BTreeMap<Place, Vec<Operation>>,
    count: BTreeMap<Kind, u64>,
    maybe: u64,
}

impl Ledger {
    /// Writes down an acknowledgement.
    pub fn acknowledge(&mut self, place: Place, operation: Operation) {
        *self.count.entry(operation.kind).or_default() += 1;
        self.acknowledged.entry(place).or_default().push(operation);
    }

    /// Writes down that an operation may have been kept, or not.
    pub fn doubt(&mut self) {
        self.maybe += 1;
    }

    /// What was promised to be where. More than one operation at a place is one promise too many.
    pub fn promises(&self) -> &BTreeMap<Place, Vec<Operation>> {
        &self.acknowledged
    }

    /// How many operations of a kind were acknowledged.
    pub fn acknowledged_of(&self, kind: Kind) -> u64 {
        self.count.get(&kind).copied().unwrap_or_default()
    }

    /// How many operations were acknowledged.
    pub fn acknowledged(&self) -> u64 {
        self.count.values().sum()
    }

    /// How many attempts ended without a yes or a no.
    pub fn maybe(&self) -> u64 {
        self.maybe
    }
}
