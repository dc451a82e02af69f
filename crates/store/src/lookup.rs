//! What the table holds of given events, tombstones included.

use std::collections::HashMap;
use std::fmt::Write;

use model::EventKey;

use crate::row::EventRow;
use crate::{Store, StoreError, Stored, within};

/// Keys of one query; about 60 bytes each in its text.
const KEYS_PER_QUERY: usize = 10_000;

/// Not FINAL: that would hide tombstones. The row of the greatest version is the one that counts. The keys
/// come as one text, which the server takes apart in a quarter of the time that a list of as many literals
/// takes it to parse.
const LOOKUP: &str = "
    SELECT ?fields FROM events
    WHERE (tenant, created_at, id) IN (
        SELECT key[1], fromUnixTimestamp64Milli(toInt64(key[2]), 'UTC'), toUUID(key[3])
        FROM (SELECT splitByChar(' ', arrayJoin(splitByChar(',', ?))) AS key))
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
        let query = self.client.query(LOOKUP).bind(text(keys)).with_setting("max_query_size", "4194304");
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

/// `tenant milliseconds id`, by commas. A tenant's name holds neither spaces nor commas.
fn text(keys: &[EventKey]) -> String {
    let mut text = String::with_capacity(64 * keys.len());
    for key in keys {
        let comma = if text.is_empty() { "" } else { "," };
        // Writing to memory can't fail.
        let _ = write!(text, "{comma}{} {} {}", key.tenant.as_str(), key.id.created_at().millis(), key.id);
    }
    text
}
