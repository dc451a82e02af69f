//! Cancelling a query that nobody waits for.

use std::sync::{Arc, Mutex, PoisonError};

use crate::database::Database;

/// Where a query is on its way. Held locked while the query is being cancelled, so that its connection
/// is not used by the next one meanwhile.
#[derive(Default)]
enum Stage {
    #[default]
    Waiting,
    /// With the comment by which it is found.
    Running(String),
    Ended,
    Cancelled,
}

/// The query's side: says where the query is.
#[derive(Clone, Default)]
pub(crate) struct Progressing(Arc<Mutex<Stage>>);

impl Progressing {
    /// False if the query was cancelled before it began.
    pub(crate) fn begin(&self, mark: &str) -> bool {
        let mut stage = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let begins = matches!(*stage, Stage::Waiting);
        if begins {
            *stage = Stage::Running(mark.to_owned());
        }
        begins
    }

    pub(crate) fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Stage::Ended;
    }

    fn cancel(&self, database: &Database) {
        let mut stage = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*stage {
            Stage::Waiting => *stage = Stage::Cancelled,
            Stage::Running(mark) => database.kill(mark),
            Stage::Ended | Stage::Cancelled => {}
        }
    }
}

/// The asking side: cancels the query when dropped, unless it was disarmed. It is dropped armed when the
/// client goes away before its answer.
pub(crate) struct KillOnDrop {
    database: Arc<Database>,
    query: Option<Progressing>,
}

impl KillOnDrop {
    pub(crate) fn new(database: &Arc<Database>, query: Progressing) -> Self {
        Self { database: Arc::clone(database), query: Some(query) }
    }

    /// The query has ended, or is to go on whatever happens.
    pub(crate) fn disarm(&mut self) {
        self.query = None;
    }
}

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        if let Some(query) = self.query.take() {
            let database = Arc::clone(&self.database);
            self.database.aside(move || query.cancel(&database));
        }
    }
}
