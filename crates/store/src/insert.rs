//! Rows into the table.

use std::time::Duration;

use model::{EventKey, Stored};
use tokio::time::sleep;

use crate::migrations::SCHEMA_VERSION;
use crate::row::EventRow;
use crate::{Store, StoreError, within};

/// Of the same month, if it is asked for: that is where ClickHouse may have trouble with one row and not with
/// another.
const ONE_THERE: &str = "
    FROM events
    WHERE {any:Bool} OR toYYYYMM(created_at) = toYYYYMM(fromUnixTimestamp64Milli({at:Int64}, 'UTC'))
    LIMIT 1";

/// How rows are inserted.
pub(crate) const SETTINGS: [(&str, &str); 9] = [
    // A replicated table would know rows that are inserted again, and not show them to the views of them, which
    // an insert that failed half way may not have reached. It has precedence over `insert_deduplicate`.
    ("deduplicate_insert", "disable"),
    // The same where rows come from a SELECT, for which the one above does not count.
    ("deduplicate_insert_select", "disable"),
    // The answer must mean that the rows are kept, not that they wait in a buffer.
    ("async_insert", "0"),
    // How many months a batch may span is up to whoever makes it.
    ("max_partitions_per_insert_block", "0"),
    // The properties' text is the truth; what queries see of it may be lossy, but never refused.
    ("type_json_skip_duplicated_paths", "1"),
    // The default parser refuses integers beyond 64 bits; this one reads them as floats.
    ("allow_simdjson", "0"),
    // Else true in a list with a number is 1.
    ("input_format_json_read_bools_as_numbers", "0"),
    ("input_format_try_infer_datetimes", "0"),
    ("input_format_try_infer_dates", "0"),
];

/// How long to wait before marks that failed are inserted again, one time after the other.
const MARK_AGAIN_AFTER: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(250)];

impl Store {
    /// Whether the table takes another row while it does not take one of this event; `None` if it holds none
    /// to try. A table that can't be asked takes none.
    pub async fn takes_another(&self, key: &EventKey) -> Option<bool> {
        for any in [false, true] {
            match self.takes_one_again(key, any).await {
                Ok(true) => return Some(true),
                Ok(false) => {}
                Err(error) => {
                    tracing::debug!(%error, "the table takes no other row either");
                    return Some(false);
                }
            }
        }
        None
    }

    /// `false` if there is none.
    async fn takes_one_again(&self, key: &EventKey, any: bool) -> Result<bool, StoreError> {
        let with = |sql: &str| {
            let query = self.client.query_raw(&format!("{sql}{ONE_THERE}"));
            query.param("any", any).param("at", key.id.created_at().millis())
        };
        if within(self.timeout(), with("SELECT toUInt8(1)").fetch_optional::<u8>()).await?.is_none() {
            return Ok(false);
        }
        // Once more as it is, but for who writes it: it is the same event, so nothing changes.
        let again = format!("INSERT INTO events SELECT * REPLACE ({SCHEMA_VERSION} AS schema_version)");
        let again =
            SETTINGS.into_iter().fold(with(&again), |query, (name, value)| query.with_setting(name, value));
        within(self.timeout(), again.execute()).await?;
        Ok(true)
    }

    /// Inserts all rows as one block, marks their hours, and returns when both are kept. After an error the same rows
    /// may be inserted again: equal rows of equal versions are one event, and a mark too many costs a rollup.
    pub async fn insert(&self, rows: &[(EventKey, Stored<'_>)]) -> Result<(), StoreError> {
        self.insert_rows(rows).await?;
        let mark = || self.mark(rows.iter().map(|(key, _)| key));
        // A quorum takes one insert after another: the rows need not be inserted again because it was busy.
        for pause in MARK_AGAIN_AFTER {
            match mark().await {
                Ok(()) => return Ok(()),
                Err(error) => tracing::debug!(%error, "hours could not be marked at once"),
            }
            sleep(pause).await;
        }
        // No row is at fault for it.
        mark().await.map_err(StoreError::of_marks)
    }

    /// Half of an insert: for whoever inserts the other half.
    pub(crate) async fn insert_rows(&self, rows: &[(EventKey, Stored<'_>)]) -> Result<(), StoreError> {
        let insert = within(self.timeout(), self.writer.insert::<EventRow<'_>>("events")).await?;
        let insert = insert.with_timeouts(Some(self.timeout()), Some(4 * self.timeout()));
        let mut insert =
            SETTINGS.into_iter().fold(insert, |insert, (name, value)| insert.with_setting(name, value));
        for (key, stored) in rows {
            insert.write(&EventRow::new(key, stored)).await?;
        }
        Ok(insert.end().await?)
    }
}
