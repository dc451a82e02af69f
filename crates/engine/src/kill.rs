//! Cancelling a query that nobody waits for.

use std::sync::Arc;

use crate::{database::Database, query_state::QueryState};

/// Cancels the query when dropped, unless it was disarmed. Whoever waits for the query's answer holds it, so it
/// is dropped armed when the client goes away before the answer.
pub(crate) struct KillOnDrop {
    database: Arc<Database>,
    query: Option<QueryState>,
}

impl KillOnDrop {
    pub(crate) fn new(database: &Arc<Database>, query: QueryState) -> Self {
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
            self.database.aside(move || query.cancel(|mark| database.kill(mark)));
        }
    }
}
