//! What is asked of the table of alerts, and added to it.

use model::{Tenant, Timestamp};
use uuid::Uuid;

use super::row::TransitionRow;
use super::{Alert, AlertKey, AlertState, Transition};
use crate::{Store, StoreError, within};

/// Keys stand in the text of a question, and may be long.
const MAX_QUERY_BYTES: &str = "33554432";

/// All that became of some alerts, those of each alert in order.
const OF_RULE: &str = "
    SELECT ?fields FROM alerts FINAL
    WHERE tenant = ? AND rule = ? AND key IN (SELECT arrayJoin(?))
    ORDER BY key, firing, indexOf(['open', 'acknowledged', 'resolved'], state)";

const OF_ID: &str = "
    SELECT ?fields FROM alerts FINAL
    WHERE tenant = ? AND id = toUUID(?)
    ORDER BY key, firing, indexOf(['open', 'acknowledged', 'resolved'], state)";

/// The newest of a tenant, which are in one of some states.
const NEWEST: &str = "
    SELECT ?fields FROM alerts FINAL
    WHERE tenant = ? AND id IN (
        SELECT id FROM alerts WHERE tenant = ?
        GROUP BY id
        HAVING argMax(state, indexOf(['open', 'acknowledged', 'resolved'], state)) IN (SELECT arrayJoin(?))
        ORDER BY min(at) DESC, id DESC
        LIMIT ?)
    ORDER BY id, indexOf(['open', 'acknowledged', 'resolved'], state)";

/// All that became of the alerts that somebody has yet to be told of.
const UNTOLD: &str = "
    SELECT ?fields FROM alerts FINAL
    WHERE (tenant, id) IN (
        SELECT tenant, id FROM alerts FINAL
        WHERE webhook = 'waiting' AND next_try_at <= fromUnixTimestamp64Milli(?, 'UTC')
        ORDER BY next_try_at
        LIMIT ?)
    ORDER BY tenant, id, indexOf(['open', 'acknowledged', 'resolved'], state)";

impl Store {
    /// Keeps what became of alerts. What is known already stays as it is.
    pub async fn add_transitions(&self, transitions: &[Transition]) -> Result<(), StoreError> {
        if transitions.is_empty() {
            return Ok(());
        }
        let insert = within(self.timeout(), self.client.insert::<TransitionRow>("alerts")).await?;
        let insert = insert.with_timeouts(Some(self.timeout()), Some(self.timeout()));
        let mut insert = insert.with_setting("async_insert", "0");
        for transition in transitions {
            insert.write(&TransitionRow::from(transition)).await?;
        }
        Ok(insert.end().await?)
    }

    /// The alerts of a rule that have one of these keys, each key's in order.
    pub async fn alerts_of(
        &self,
        tenant: &Tenant,
        rule: &str,
        keys: &[AlertKey],
    ) -> Result<Vec<Alert>, StoreError> {
        let keys: Vec<_> = keys.iter().map(AlertKey::text).collect();
        let query = self.reader.query(OF_RULE).bind(tenant.as_str()).bind(rule).bind(keys);
        let query = query.with_setting("max_query_size", MAX_QUERY_BYTES);
        alerts(within(self.timeout(), query.fetch_all::<TransitionRow>()).await?)
    }

    /// One alert by its id.
    pub async fn alert(&self, tenant: &Tenant, id: Uuid) -> Result<Option<Alert>, StoreError> {
        let query = self.reader.query(OF_ID).bind(tenant.as_str()).bind(id.to_string());
        Ok(alerts(within(self.timeout(), query.fetch_all::<TransitionRow>()).await?)?.pop())
    }

    /// The newest alerts of a tenant, newest first; those in this state, or all.
    pub async fn newest_alerts(
        &self,
        tenant: &Tenant,
        state: Option<AlertState>,
        limit: u64,
    ) -> Result<Vec<Alert>, StoreError> {
        let states: Vec<_> = AlertState::ALL
            .into_iter()
            .filter(|known| state.is_none_or(|state| state == *known))
            .map(AlertState::as_str)
            .collect();
        let query = self.reader.query(NEWEST).bind(tenant.as_str()).bind(tenant.as_str()).bind(states);
        let rows = within(self.timeout(), query.bind(limit).fetch_all::<TransitionRow>()).await?;
        let mut alerts = alerts(rows)?;
        alerts.sort_by_key(|alert| std::cmp::Reverse((alert.fired_at, alert.id)));
        Ok(alerts)
    }

    /// At most so many alerts, of any tenant, with a state of which somebody is to be told by `now`.
    pub async fn untold_alerts(&self, now: Timestamp, limit: u64) -> Result<Vec<Alert>, StoreError> {
        let query = self.reader.query(UNTOLD).bind(now.millis()).bind(limit);
        alerts(within(self.timeout(), query.fetch_all::<TransitionRow>()).await?)
    }
}

/// Rows of one alert stand beside each other, in order.
fn alerts(rows: Vec<TransitionRow>) -> Result<Vec<Alert>, StoreError> {
    let transitions = rows.into_iter().map(Transition::try_from).collect::<Result<Vec<_>, _>>()?;
    let of_one = transitions.chunk_by(|one, next| one.id() == next.id());
    Ok(of_one.filter_map(|transitions| Alert::of(transitions.to_vec())).collect())
}
