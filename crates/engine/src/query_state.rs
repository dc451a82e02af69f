//! Whether a query waits, runs or is over: shared by the thread that runs it and whoever may cancel it.

use std::sync::{Arc, Mutex, PoisonError};

/// A query's way from the queue to its end.
#[derive(Default)]
enum Stage {
    #[default]
    Waiting,
    /// With the `log_comment` by which the query is found among the running ones.
    Running(String),
    Ended,
    Cancelled,
}

/// The stage of one query. Clones share it. It is locked while the query is being cancelled, so that the next
/// query does not use its connection meanwhile.
#[derive(Clone, Default)]
pub(crate) struct QueryState(Arc<Mutex<Stage>>);

impl QueryState {
    /// The query begins to run, marked by this `log_comment`. False if it was cancelled before it began.
    pub(crate) fn begin(&self, mark: &str) -> bool {
        let mut stage = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let begins = matches!(*stage, Stage::Waiting);
        if begins {
            *stage = Stage::Running(mark.to_owned());
        }
        begins
    }

    /// The query has ended by itself.
    pub(crate) fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Stage::Ended;
    }

    /// Keeps a waiting query from beginning. Of a running one `kill` is given the `log_comment`.
    pub(crate) fn cancel(&self, kill: impl FnOnce(&str)) {
        let mut stage = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*stage {
            Stage::Waiting => *stage = Stage::Cancelled,
            Stage::Running(mark) => kill(mark),
            Stage::Ended | Stage::Cancelled => {}
        }
    }
}
