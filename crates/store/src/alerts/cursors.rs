//! Up to where rules have seen the events that came in.

use model::{Tenant, Timestamp};

use crate::{Store, StoreError, within};

const CURSOR: &str = "SELECT toUnixTimestamp64Milli(max(seen_to)) FROM alert_cursors WHERE tenant = ? AND rule = ? HAVING count() > 0";
const ADVANCE: &str =
    "INSERT INTO alert_cursors (tenant, rule, seen_to) SELECT ?, ?, fromUnixTimestamp64Milli(?, 'UTC')";

impl Store {
    /// Up to when the rule has seen all that came in; `None` for one that has not looked yet.
    pub async fn alert_cursor(&self, tenant: &Tenant, rule: &str) -> Result<Option<Timestamp>, StoreError> {
        let query = self.reader.query(CURSOR).bind(tenant.as_str()).bind(rule);
        let seen_to = within(self.timeout(), query.fetch_optional::<i64>()).await?;
        Ok(seen_to.and_then(Timestamp::from_millis))
    }

    /// The rule has seen all that came in before this time. It never goes back.
    pub async fn advance_alert_cursor(
        &self,
        tenant: &Tenant,
        rule: &str,
        seen_to: Timestamp,
    ) -> Result<(), StoreError> {
        let query = self.client.query(ADVANCE).bind(tenant.as_str()).bind(rule).bind(seen_to.millis());
        within(self.timeout(), query.with_setting("async_insert", "0").execute()).await
    }
}
