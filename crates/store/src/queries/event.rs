//! One event by its id.

use model::EventKey;

use crate::row::EventRow;
use crate::{Store, StoreError, Stored, within};

/// As a look-up, but a key of three literals is found in half the time of a set of one.
const EVENT: &str = "
    SELECT ?fields FROM events
    WHERE tenant = ? AND created_at = fromUnixTimestamp64Milli(?, 'UTC') AND id = toUUID(?)
    ORDER BY version DESC
    LIMIT 1 BY tenant, created_at, id";

impl Store {
    /// What the table holds of this event. The id says where in the table it is.
    pub async fn event(&self, key: &EventKey) -> Result<Option<Stored<'static>>, StoreError> {
        let query = self
            .client
            .query(EVENT)
            .bind(key.tenant.as_str())
            .bind(key.id.created_at().millis())
            .bind(key.id.to_string());
        let one = async {
            let mut rows = query.fetch::<EventRow<'_>>()?;
            let row = rows.next().await?;
            Ok(row.map(EventRow::into_stored).transpose())
        };
        Ok(within(self.timeout(), one).await??.map(|(_, stored)| stored))
    }
}
