//! What is asked of the table of alerts, and added to it.

use clickhouse::Row;
use clickhouse::query::Query;
use model::{Tenant, Timestamp};
use serde::Deserialize;
use uuid::Uuid;

use super::row::TransitionRow;
use super::{Alert, AlertKey, AlertState, RuleId, Transition};
use crate::{Store, StoreError, within};

/// Keys stand in the text of a question, and may be long.
const MAX_QUERY_BYTES: &str = "33554432";
/// The newest rows of a key that decide what becomes of it, at most three an alert.
const HISTORY_ROWS: u64 = 300;

/// What became of the newest alerts of some keys, those of each alert in order.
const OF_KEYS: &str = "
    SELECT ?fields FROM (
        SELECT * FROM alerts FINAL
        WHERE tenant = ? AND rule = ? AND definition = ? AND key IN (SELECT arrayJoin(?))
        ORDER BY key, firing DESC, indexOf(['open', 'acknowledged', 'resolved'], state) DESC
        LIMIT ? BY key)
    ORDER BY key, firing, indexOf(['open', 'acknowledged', 'resolved'], state)";

const OF_ID: &str = "
    SELECT ?fields FROM alerts FINAL
    WHERE tenant = ? AND id = toUUID(?)
    ORDER BY key, firing, indexOf(['open', 'acknowledged', 'resolved'], state)";

/// The newest of a tenant, which are in one of some states. Of one that fired too long ago only later states may be
/// left: it is none any more.
const NEWEST: &str = "
    SELECT ?fields FROM alerts FINAL
    WHERE tenant = ? AND (rule, definition, key, firing) IN (
        SELECT rule, definition, key, firing FROM alerts
        WHERE tenant = ?
        GROUP BY rule, definition, key, firing
        HAVING countIf(state = 'open') > 0
            AND argMax(state, indexOf(['open', 'acknowledged', 'resolved'], state)) IN (SELECT arrayJoin(?))
        ORDER BY min(at) DESC, any(id) DESC
        LIMIT ?)
    ORDER BY id, indexOf(['open', 'acknowledged', 'resolved'], state)";

/// All that became of the alerts that somebody has yet to be told of. The index finds their keys, also of rows that were
/// replaced, and what won of each is looked at again; by itself FINAL would read all that lies between them.
const UNTOLD: &str = "
    SELECT ?fields FROM alerts FINAL
    WHERE (tenant, rule, definition, key, firing) IN (
        SELECT tenant, rule, definition, key, firing FROM alerts FINAL
        WHERE (tenant, rule, definition, key, firing) IN (
                SELECT tenant, rule, definition, key, firing FROM alerts WHERE webhook = 'waiting')
            AND webhook = 'waiting' AND next_try_at <= fromUnixTimestamp64Milli(?, 'UTC')
        ORDER BY next_try_at
        LIMIT 1 BY id
        LIMIT ?)
    ORDER BY tenant, id, indexOf(['open', 'acknowledged', 'resolved'], state)
    SETTINGS use_skip_indexes_if_final = 0";

/// The rules that have alerts which are not resolved.
const UNRESOLVED_RULES: &str = "
    SELECT DISTINCT tenant, rule, definition FROM (
        SELECT tenant, rule, definition FROM alerts
        GROUP BY tenant, rule, definition, key, firing
        HAVING countIf(state = 'resolved') = 0)";

/// Those alerts of one of them.
const UNRESOLVED: &str = "
    SELECT ?fields FROM alerts FINAL
    WHERE tenant = ? AND rule = ? AND definition = ? AND (key, firing) IN (
        SELECT key, firing FROM alerts
        WHERE tenant = ? AND rule = ? AND definition = ?
        GROUP BY key, firing
        HAVING countIf(state = 'resolved') = 0
        ORDER BY key, firing
        LIMIT ?)
    ORDER BY key, firing, indexOf(['open', 'acknowledged', 'resolved'], state)";

#[derive(Row, Deserialize)]
struct RuleRow {
    tenant: String,
    rule: String,
    definition: String,
}

impl Store {
    /// Keeps what became of alerts. What is known already stays as it is.
    pub async fn add_transitions(&self, transitions: &[Transition]) -> Result<(), StoreError> {
        self.insert_records("alerts", transitions, TransitionRow::from).await
    }

    /// The newest alerts of a rule that have one of these keys, a hundred or more of each, each key's in order.
    pub async fn alerts_of(&self, rule: &RuleId, keys: &[AlertKey]) -> Result<Vec<Alert>, StoreError> {
        let keys: Vec<_> = keys.iter().map(AlertKey::text).collect();
        let query = of_rule(self.reader.query(OF_KEYS), rule).bind(keys).bind(HISTORY_ROWS);
        let query = query.with_setting("max_query_size", MAX_QUERY_BYTES);
        alerts(within(self.timeout(), query.fetch_all::<TransitionRow>()).await?)
    }

    /// The rules that have alerts which are not resolved.
    pub async fn unresolved_rules(&self) -> Result<Vec<RuleId>, StoreError> {
        let rows = self.reader.query(UNRESOLVED_RULES).fetch_all::<RuleRow>();
        let id = |RuleRow { tenant, rule, definition }| {
            Some(RuleId { tenant: Tenant::parse(&tenant).ok()?, rule, definition })
        };
        Ok(within(self.timeout(), rows).await?.into_iter().filter_map(id).collect())
    }

    /// At most so many alerts of a rule that are not resolved.
    pub async fn unresolved_alerts(&self, rule: &RuleId, limit: u64) -> Result<Vec<Alert>, StoreError> {
        let query = of_rule(of_rule(self.reader.query(UNRESOLVED), rule), rule).bind(limit);
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

fn of_rule(query: Query, RuleId { tenant, rule, definition }: &RuleId) -> Query {
    query.bind(tenant.as_str()).bind(rule).bind(definition)
}

/// Rows of one alert stand beside each other, in order.
fn alerts(rows: Vec<TransitionRow>) -> Result<Vec<Alert>, StoreError> {
    let transitions = rows.into_iter().map(Transition::try_from).collect::<Result<Vec<_>, _>>()?;
    let of_one = transitions.chunk_by(|one, next| one.id() == next.id());
    Ok(of_one.filter_map(|transitions| Alert::of(transitions.to_vec())).collect())
}
