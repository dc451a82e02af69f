//! Up to where rules have seen the events that came in.

use std::collections::HashMap;

use clickhouse::Row;
use model::{Tenant, Timestamp};
use serde::{Deserialize, Serialize};

use super::RuleId;
use crate::{Store, StoreError, within};

const CURSORS: &str = "
    SELECT tenant, rule, definition, toUnixTimestamp64Milli(max(alert_cursors.seen_to)) AS seen_to
    FROM alert_cursors
    GROUP BY tenant, rule, definition";

#[derive(Row, Serialize, Deserialize)]
struct CursorRow {
    tenant: String,
    rule: String,
    definition: String,
    seen_to: i64,
}

impl Store {
    /// For each rule up to when it has seen all that came in; a rule that has not looked yet has none.
    pub async fn alert_cursors(&self) -> Result<HashMap<RuleId, Timestamp>, StoreError> {
        let rows = within(self.timeout(), self.reader.query(CURSORS).fetch_all::<CursorRow>()).await?;
        let cursor = |row: CursorRow| {
            let CursorRow { tenant, rule, definition, seen_to } = row;
            let id = RuleId { tenant: Tenant::parse(&tenant).ok()?, rule, definition };
            Some((id, Timestamp::from_millis(seen_to)?))
        };
        Ok(rows.into_iter().filter_map(cursor).collect())
    }

    /// These rules have seen all that came in before these times. A cursor never goes back.
    pub async fn advance_alert_cursors(&self, cursors: &[(RuleId, Timestamp)]) -> Result<(), StoreError> {
        self.insert_records("alert_cursors", cursors, |(id, seen_to)| CursorRow {
            tenant: id.tenant.as_str().to_owned(),
            rule: id.rule.clone(),
            definition: id.definition.clone(),
            seen_to: seen_to.millis(),
        })
        .await
    }
}
