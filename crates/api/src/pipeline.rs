//! How far the events are on their way.

use alerts::Said;
use model::{Tenant, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::call::Call;
use crate::error::ApiError;
use crate::keys::Scope;
use crate::lag;
use crate::reply::Reply;
use crate::shapes::Good;

/// `data` of `/pipeline`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Pipeline {
    /// Only admins see them one by one.
    #[serde(skip_serializing_if = "Option::is_none")]
    partitions: Option<Vec<Partition>>,
    /// Of all partitions.
    lag: i64,
    /// Likewise: it grows whenever more has become visible.
    committed: i64,
    /// Of all partitions, likewise.
    oldest_age_ms: Option<i64>,
    dead_letters: i64,
    /// The evaluation of alerts by this process. Only admins see it, where there are rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    alerts: Option<AlertsStatus>,
}

#[derive(Debug, Serialize, ToSchema)]
struct AlertsStatus {
    /// Rules in force.
    rules: usize,
    /// Why the file as it is now is not in force; null if it is.
    unreadable: Option<String>,
    /// Whether this process evaluates: one does at a time.
    evaluates: bool,
    #[schema(value_type = Option<String>, format = DateTime)]
    evaluated_at: Option<Timestamp>,
    /// Of the caller's tenant.
    failing: Vec<FailingRule>,
}

/// A rule that could not be evaluated the last time.
#[derive(Debug, Serialize, ToSchema)]
struct FailingRule {
    rule: String,
    problem: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct Partition {
    partition: i32,
    end: i64,
    committed: i64,
    lag: i64,
    /// How long the oldest event that is not yet visible has been waiting; 0 if there is none, null if
    /// that can't be seen just now.
    oldest_age_ms: Option<i64>,
}

/// How far the events are on their way into the table.
#[utoipa::path(
    get,
    path = "/pipeline",
    tag = "operation",
    responses((status = 200, description = "As of now", body = Good<Pipeline>))
)]
pub(crate) async fn pipeline(call: Call) -> Result<Reply<Pipeline>, ApiError> {
    let seen = call.app.lag.now().await?;
    let is_admin = call.caller.scopes.has(Scope::Admin);
    let partitions: Vec<_> = seen.partitions.iter().map(Partition::from).collect();
    Ok(Reply::ok(Pipeline {
        lag: seen.lag(),
        committed: seen.partitions.iter().map(|partition| partition.at.committed).sum(),
        oldest_age_ms: seen.oldest_age_ms(),
        partitions: is_admin.then_some(partitions),
        dead_letters: seen.dead_letters,
        alerts: call
            .app
            .alerting
            .as_ref()
            .filter(|_| is_admin)
            .map(|status| AlertsStatus::of(status.said(), &call.caller.tenant)),
    }))
}

impl AlertsStatus {
    /// As a tenant may see it.
    fn of(said: Said, tenant: &Tenant) -> Self {
        let Said { rules, unreadable, evaluates, evaluated_at, failing } = said;
        let failing = failing.into_iter().filter(|it| it.tenant == *tenant);
        let failing = failing.map(|it| FailingRule { rule: it.rule, problem: it.problem }).collect();
        Self { rules: rules.len(), unreadable, evaluates, evaluated_at, failing }
    }
}

impl From<&lag::Partition> for Partition {
    fn from(seen: &lag::Partition) -> Self {
        Self {
            partition: seen.at.partition,
            end: seen.at.end,
            committed: seen.at.committed,
            lag: seen.lag,
            oldest_age_ms: seen.oldest_age_ms(),
        }
    }
}
