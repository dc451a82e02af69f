//! Answers of any number of rows, of which one is held at a time.

use std::time::Duration;

use clickhouse::query::RowCursor;
use clickhouse::{Row, RowRead};
use tokio::time::{Instant, timeout_at};

use super::{Besides, Question, Scope};
use crate::{Store, StoreError};

/// The rows of an answer as they come.
pub(crate) struct Rows<T> {
    rows: RowCursor<T>,
    patience: Duration,
    until: Instant,
}

impl Store {
    /// Asks for any number of rows. What the server groups for them it may put on its disk.
    pub(crate) fn rows<T: Row>(
        &self,
        scope: &Scope<'_>,
        sql: &str,
        besides: Besides,
        params: impl FnOnce(Question<'_>) -> Question<'_>,
    ) -> Result<Rows<T>, StoreError> {
        params(self.ask_besides(scope, sql, besides)).rows()
    }
}

impl Question<'_> {
    /// All rows of the answer as they come, however many. What the server groups for them it may put on its disk.
    pub(crate) fn rows<T: Row>(self) -> Result<Rows<T>, StoreError> {
        let limits = self.scope.limits;
        let in_memory = (limits.memory_bytes / 2).to_string();
        let question = self.setting("max_result_rows", "0");
        let question = question.setting("max_bytes_before_external_group_by", &in_memory);
        // The server gives up before.
        let patience = Duration::from_secs(limits.seconds() + 1);
        Ok(Rows { rows: question.fetch()?, patience, until: Instant::now() + patience })
    }
}

impl<T: RowRead> Rows<T> {
    /// The next row.
    pub(crate) async fn next(&mut self) -> Result<Option<T::Value<'_>>, StoreError> {
        match timeout_at(self.until, self.rows.next()).await {
            Ok(row) => Ok(row?),
            Err(_) => Err(StoreError::no_answer(self.patience)),
        }
    }
}
