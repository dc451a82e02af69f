//! What came of all calls: the ledger, and how they were answered.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ledger::Ledger;
use crate::operation::{Operation, Place};

/// Kept by all callers together.
#[derive(Debug, Default)]
pub struct Books(Mutex<(Ledger, Answers)>);

/// How calls were answered.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// With 503.
    pub unavailable: u64,
    /// Not at all: the connection broke, or no answer came in time.
    pub silent: u64,
    /// In any other way that is not an acknowledgement, by what was said.
    pub unexpected: BTreeMap<String, u64>,
    /// The longest time that an answer took.
    pub slowest: Duration,
}

/// What came of one attempt.
#[derive(Debug)]
pub(super) enum Outcome {
    Acknowledged(Place),
    Unavailable,
    Silent,
    Unexpected(String),
}

impl Books {
    /// What was promised so far.
    pub fn ledger(&self) -> Ledger {
        self.locked().0.clone()
    }

    /// How many operations were acknowledged so far.
    pub fn acknowledged(&self) -> u64 {
        self.locked().0.acknowledged()
    }

    /// How calls were answered so far.
    pub fn answers(&self) -> Answers {
        self.locked().1.clone()
    }

    pub(super) fn enter(&self, operation: &Operation, outcome: &Outcome, took: Duration) {
        let (ledger, answers) = &mut *self.locked();
        match outcome {
            Outcome::Acknowledged(place) => ledger.acknowledge(*place, operation.clone()),
            Outcome::Unavailable => {
                answers.unavailable += 1;
                ledger.doubt();
            }
            Outcome::Silent => {
                answers.silent += 1;
                ledger.doubt();
                return;
            }
            Outcome::Unexpected(what) => *answers.unexpected.entry(what.clone()).or_default() += 1,
        }
        answers.slowest = answers.slowest.max(took);
    }

    fn locked(&self) -> MutexGuard<'_, (Ledger, Answers)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
