//! What a caller was promised: every acknowledged operation and the place that it was told, if it was.

use std::collections::{BTreeMap, HashSet};

use crate::operation::{Kind, Operation, Place};

/// Acknowledged operations, and how many attempts ended without an answer.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    acknowledged: BTreeMap<Place, Vec<Operation>>,
    somewhere: HashSet<Operation>,
    count: BTreeMap<Kind, u64>,
    maybe: u64,
}

impl Ledger {
    /// Writes down an acknowledgement.
    pub fn acknowledge(&mut self, place: Place, operation: Operation) {
        *self.count.entry(operation.kind).or_default() += 1;
        self.acknowledged.entry(place).or_default().push(operation);
    }

    /// Writes down an acknowledgement that names no place, such as that of an event of a batch. The operation
    /// must be told from all others by what it says.
    pub fn acknowledge_somewhere(&mut self, operation: Operation) {
        *self.count.entry(operation.kind).or_default() += 1;
        self.somewhere.insert(operation);
    }

    /// Writes down that an operation may have been kept, or not.
    pub fn doubt(&mut self) {
        self.maybe += 1;
    }

    /// What was promised to be where. More than one operation at a place is one promise too many.
    pub fn promises(&self) -> &BTreeMap<Place, Vec<Operation>> {
        &self.acknowledged
    }

    /// What was promised to be in the topic, wherever.
    pub fn promises_somewhere(&self) -> &HashSet<Operation> {
        &self.somewhere
    }

    /// How many operations of a kind were acknowledged.
    pub fn acknowledged_of(&self, kind: Kind) -> u64 {
        self.count.get(&kind).copied().unwrap_or_default()
    }

    /// How many were acknowledged as parts of batches.
    pub fn acknowledged_in_batches(&self) -> usize {
        self.somewhere.len()
    }

    /// How many acknowledged ones had a large text.
    pub fn acknowledged_large(&self) -> usize {
        let all = self.acknowledged.values().flatten().chain(&self.somewhere);
        all.filter(|operation| operation.large.is_some()).count()
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
