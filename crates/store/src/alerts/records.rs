//! Rows into the tables of alerts.

use clickhouse::{RowOwned, RowWrite};

use crate::{Store, StoreError, within};

impl Store {
    /// Keeps these rows when it returns, all by one insert; none are no question.
    pub(super) async fn insert_records<'a, T, R: RowOwned + RowWrite>(
        &self,
        table: &str,
        records: &'a [T],
        row: impl Fn(&'a T) -> R,
    ) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        let insert = within(self.timeout(), self.client.insert::<R>(table)).await?;
        let insert = insert.with_timeouts(Some(self.timeout()), Some(self.timeout()));
        let mut insert = insert.with_setting("async_insert", "0");
        for record in records {
            insert.write(&row(record)).await?;
        }
        Ok(insert.end().await?)
    }
}
