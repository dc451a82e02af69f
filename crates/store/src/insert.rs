//! Rows into the table.

use std::time::Duration;

use model::EventKey;

use crate::row::EventRow;
use crate::{Store, StoreError, Stored};

/// How long the server may take for one chunk of an insert, and for its end.
const CHUNK_WITHIN: Duration = Duration::from_secs(30);
const END_WITHIN: Duration = Duration::from_secs(120);

impl Store {
    /// Inserts all rows as one block and returns when they are kept. After an error the same rows
    /// may be inserted again: equal rows of equal versions are one event.
    pub async fn insert(&self, rows: &[(EventKey, Stored)]) -> Result<(), StoreError> {
        let mut insert = self
            .client
            .insert::<EventRow<'_>>("events")
            .await?
            .with_timeouts(Some(CHUNK_WITHIN), Some(END_WITHIN))
            // The answer must mean that the rows are kept, not that they wait in a buffer.
            .with_setting("async_insert", "0")
            // A batch may span any number of months.
            .with_setting("max_partitions_per_insert_block", "0")
            // The properties' text is the truth; what queries see of it may be lossy, but never refused.
            .with_setting("type_json_skip_duplicated_paths", "1")
            .with_setting("input_format_try_infer_datetimes", "0")
            .with_setting("input_format_try_infer_dates", "0");
        for (key, stored) in rows {
            insert.write(&EventRow::new(key, stored)).await?;
        }
        Ok(insert.end().await?)
    }
}
