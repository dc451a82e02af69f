//! A transition as a row.

use clickhouse::Row;
use model::{EventId, Tenant, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{AlertKey, AlertState, Delivery, Outcome, Transition};
use crate::StoreError;

#[derive(Row, Serialize, Deserialize)]
pub(super) struct TransitionRow {
    tenant: String,
    rule: String,
    definition: String,
    key: String,
    firing: u64,
    state: String,
    #[serde(with = "clickhouse::serde::uuid")]
    id: Uuid,
    at: i64,
    #[serde(with = "clickhouse::serde::uuid::option")]
    event: Option<Uuid>,
    value: Option<f64>,
    measured: String,
    message: String,
    webhook: String,
    tries: u8,
    next_try_at: i64,
}

impl From<&Transition> for TransitionRow {
    fn from(it: &Transition) -> Self {
        Self {
            tenant: it.tenant.as_str().to_owned(),
            rule: it.rule.clone(),
            definition: it.definition.clone(),
            key: it.key.text(),
            firing: it.firing,
            state: it.state.as_str().to_owned(),
            id: it.id(),
            at: it.at.millis(),
            event: it.event.map(EventId::uuid),
            value: it.value,
            measured: it.measured.as_ref().and_then(|it| serde_json::to_string(it).ok()).unwrap_or_default(),
            message: it.message.clone(),
            webhook: it.delivery.outcome.as_str().to_owned(),
            tries: it.delivery.tries,
            next_try_at: it.delivery.next_try_at.millis(),
        }
    }
}

impl TryFrom<TransitionRow> for Transition {
    type Error = StoreError;

    fn try_from(row: TransitionRow) -> Result<Self, StoreError> {
        let foreign = |what: &str| StoreError::Foreign(format!("alert {}: impossible {what}", row.id));
        let time = |millis| Timestamp::from_millis(millis).ok_or_else(|| foreign("time"));
        let event = row.event.map(EventId::from_uuid).transpose().map_err(|_| foreign("event"))?;
        let outcome = Outcome::parse(&row.webhook).ok_or_else(|| foreign("webhook"))?;
        Ok(Self {
            tenant: Tenant::parse(&row.tenant).map_err(|_| foreign("tenant"))?,
            key: AlertKey(serde_json::from_str(&row.key).map_err(|_| foreign("key"))?),
            state: AlertState::parse(&row.state).ok_or_else(|| foreign("state"))?,
            at: time(row.at)?,
            delivery: Delivery { outcome, tries: row.tries, next_try_at: time(row.next_try_at)? },
            event,
            rule: row.rule,
            definition: row.definition,
            firing: row.firing,
            value: row.value,
            // One that a newer program wrote may say what this one does not know.
            measured: serde_json::from_str(&row.measured).ok(),
            message: row.message,
        })
    }
}

impl Outcome {
    const ALL: [(Self, &'static str); 4] = [
        (Self::None, "none"),
        (Self::Waiting, "waiting"),
        (Self::Delivered, "delivered"),
        (Self::GivenUp, "given_up"),
    ];

    fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(outcome, _)| *outcome == self).map_or("", |(_, name)| name)
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(outcome, _)| *outcome)
    }
}
