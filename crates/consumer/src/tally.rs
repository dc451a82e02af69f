//! How many operations of a batch met which fate.

use std::collections::BTreeMap;

/// The counts of one batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) rows: usize,
    pub(crate) folded: usize,
    pub(crate) replays: usize,
    pub(crate) of_deleted: usize,
    pub(crate) misplaced: usize,
    /// How many dead letters there are of each reason.
    pub(crate) dead_letters: BTreeMap<&'static str, usize>,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.folded += other.folded;
        self.replays += other.replays;
        self.of_deleted += other.of_deleted;
        self.misplaced += other.misplaced;
        for (reason, count) in other.dead_letters {
            *self.dead_letters.entry(reason).or_default() += count;
        }
    }
}
