//! Rows into the table.

use model::EventKey;

use crate::row::EventRow;
use crate::{Store, StoreError, Stored, within};

impl Store {
    /// Inserts all rows as one block and returns when they are kept. After an error the same rows
    /// may be inserted again: equal rows of equal versions are one event.
    pub async fn insert(&self, rows: &[(EventKey, Stored<'_>)]) -> Result<(), StoreError> {
        let mut insert = within(self.timeout(), self.writer.insert::<EventRow<'_>>("events"))
            .await?
            .with_timeouts(Some(self.timeout()), Some(4 * self.timeout()))
            // The answer must mean that the rows are kept, not that they wait in a buffer.
            .with_setting("async_insert", "0")
            // A batch may span any number of months.
            .with_setting("max_partitions_per_insert_block", "0")
            // The properties' text is the truth; what queries see of it may be lossy, but never refused.
            .with_setting("type_json_skip_duplicated_paths", "1")
            // The default parser refuses integers beyond 64 bits; this one reads them as floats.
            .with_setting("allow_simdjson", "0")
            .with_setting("input_format_try_infer_datetimes", "0")
            .with_setting("input_format_try_infer_dates", "0");
        for (key, stored) in rows {
            insert.write(&EventRow::new(key, stored)).await?;
        }
        Ok(insert.end().await?)
    }
}
