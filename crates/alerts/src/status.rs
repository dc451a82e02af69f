//! How the evaluation of alerts is, for whoever asks.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::{Tenant, Timestamp};

use crate::rules::Rule;

/// How it is in this process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Status(Arc<Mutex<Said>>);

/// What is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// Rules in force.
    pub rules: Arc<[Rule]>,
    /// Why the file as it is now is not in force.
    pub unreadable: Option<String>,
    /// Whether this process evaluates.
    pub evaluates: bool,
    /// When it last did.
    pub evaluated_at: Option<Timestamp>,
    /// Rules that could not be evaluated then; none where another process evaluates.
    pub failing: Vec<Failing>,
}

/// A rule that could not be evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// Whose it is.
    pub tenant: Tenant,
    /// Its name.
    pub rule: String,
    /// What is wrong.
    pub problem: String,
}

impl Status {
    /// As it is now.
    pub fn said(&self) -> Said {
        self.locked().clone()
    }

    pub(crate) fn say(&self, change: impl FnOnce(&mut Said)) {
        change(&mut self.locked());
    }

    fn locked(&self) -> MutexGuard<'_, Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
