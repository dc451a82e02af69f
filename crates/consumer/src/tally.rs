//! What the deliveries of a batch came to.

use std::collections::BTreeMap;

/// How many operations met which fate, and what was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) rows: usize,
    pub(crate) folded: usize,
    pub(crate) replays: usize,
    pub(crate) of_deleted: usize,
    pub(crate) misplaced: usize,
    /// By reason.
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
