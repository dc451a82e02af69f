//! One event by its id.

use model::{EventKey, Stored};

use super::sql_time;
use crate::row::EventRow;
use crate::{Store, StoreError, within};

/// As a look-up, but a key of three values is found in half the time of a set of one. A plain `LIMIT 1` would
/// have ClickHouse read the other columns in a step of its own, which takes longer for so few rows.
const EVENT: &str = "
    SELECT ?fields FROM events
    WHERE tenant = ? AND created_at = ? AND id = toUUID(?)
    ORDER BY version DESC
    LIMIT 1 BY tenant, created_at, id";

impl Store {
    /// What the table holds of this event. The id says where in the table it is.
    pub async fn event(&self, key: &EventKey) -> Result<Option<Stored<'static>>, StoreError> {
        let query = self.reader.query(EVENT).bind(key.tenant.as_str());
        let query = query.bind(sql_time(key.id.created_at())).bind(key.id.to_string());
        let answer = async {
            let mut rows = query.fetch::<EventRow<'_>>()?;
            let Some(row) = rows.next().await? else { return Ok(None) };
            let stored = row.into_stored();
            // To the end of the answer: the connection is used again.
            rows.next().await?;
            Ok(Some(stored))
        };
        let stored = within(self.timeout(), answer).await?.transpose()?;
        Ok(stored.map(|(_, stored)| stored))
    }
}
