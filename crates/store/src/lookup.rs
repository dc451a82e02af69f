//! What the table holds of given events, tombstones included.

use std::collections::HashMap;

use model::EventKey;

use crate::row::EventRow;
use crate::{Store, StoreError, Stored, within};

/// Keys of one query; about 100 bytes each in its text.
const KEYS_PER_QUERY: usize = 5_000;

/// Not FINAL: that would hide tombstones. The row of the greatest version is the one that counts.
const LOOKUP: &str = "
    SELECT ?fields FROM events
    WHERE (tenant, created_at, id) IN ?
    ORDER BY version DESC
    LIMIT 1 BY tenant, created_at, id";

impl Store {
    /// The winning row of each key that has one.
    pub async fn lookup(&self, keys: &[EventKey]) -> Result<HashMap<EventKey, Stored<'static>>, StoreError> {
        let mut found = HashMap::with_capacity(keys.len());
        for some in keys.chunks(KEYS_PER_QUERY) {
            within(self.timeout(), self.lookup_some(some, &mut found)).await??;
        }
        Ok(found)
    }

    async fn lookup_some(
        &self,
        keys: &[EventKey],
        found: &mut HashMap<EventKey, Stored<'static>>,
    ) -> clickhouse::error::Result<Result<(), StoreError>> {
        let tuples: Vec<_> = keys
            .iter()
            .map(|key| (key.tenant.as_str(), sql_time(key.id.created_at()), key.id.to_string()))
            .collect();
        let query = self.client.query(LOOKUP).bind(tuples).with_setting("max_query_size", "4194304");
        let mut rows = query.fetch::<EventRow<'_>>()?;
        while let Some(row) = rows.next().await? {
            match row.into_stored() {
                Ok((key, stored)) => found.insert(key, stored),
                Err(foreign) => return Ok(Err(foreign)),
            };
        }
        Ok(Ok(()))
    }
}

/// A time as a literal that ClickHouse reads as `DateTime64(3, 'UTC')`.
pub(crate) fn sql_time(at: model::Timestamp) -> String {
    at.to_string().replace('T', " ").replace('Z', "")
}
