//! What came of all calls: the ledger, and how they were answered.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use audit::ledger::Ledger;
use audit::operation::{Operation, Place};

/// Kept by all callers together.
#[derive(Debug, Default)]
pub struct Books(Mutex<(Ledger, Answers)>);

/// How calls were answered.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// With 503, of a batch for some of its events at least.
    pub unavailable: u64,
    /// Not at all: the connection broke, or no answer came in time.
    pub silent: u64,
    /// In any other way that is not an acknowledgement, by what was said.
    pub unexpected: BTreeMap<String, u64>,
    /// The longest time that an answer took.
    pub slowest: Duration,
}

/// What came of one attempt at an operation.
#[derive(Debug)]
pub(super) enum Outcome {
    /// With its place, if that was told.
    Acknowledged(Option<Place>),
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

    /// What one call came to, for each of the operations that it was for.
    pub(super) fn enter<'a>(
        &self,
        outcomes: impl IntoIterator<Item = (&'a Operation, &'a Outcome)>,
        took: Duration,
    ) {
        let (ledger, answers) = &mut *self.locked();
        let (mut unavailable, mut silent) = (false, false);
        for (operation, outcome) in outcomes {
            match outcome {
                Outcome::Acknowledged(Some(place)) => ledger.acknowledge(*place, operation.clone()),
                Outcome::Acknowledged(None) => ledger.acknowledge_somewhere(operation.clone()),
                Outcome::Unavailable => {
                    unavailable = true;
                    ledger.doubt();
                }
                Outcome::Silent => {
                    silent = true;
                    ledger.doubt();
                }
                Outcome::Unexpected(what) => *answers.unexpected.entry(what.clone()).or_default() += 1,
            }
        }
        answers.unavailable += u64::from(unavailable);
        answers.silent += u64::from(silent);
        if !silent {
            answers.slowest = answers.slowest.max(took);
        }
    }

    fn locked(&self) -> MutexGuard<'_, (Ledger, Answers)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
