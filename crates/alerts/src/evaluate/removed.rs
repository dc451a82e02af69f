//! Rules that are not in force any more: nobody would ever resolve what they fired.

use std::collections::HashSet;

use model::Timestamp;
use store::{AlertState, Delivery, RuleId, Store, StoreError, Transition};

use crate::file::Current;
use crate::rules::Rule;

/// Alerts of one step.
const PAGE: u64 = 1_000;

/// Resolves the alerts of all rules but these; tells how many that were.
pub(super) async fn resolve(store: &Store, current: &Current, now: Timestamp) -> Result<usize, StoreError> {
    let in_force: HashSet<RuleId> = current.rules.rules.iter().map(Rule::id).collect();
    let mut resolved = 0;
    for rule in store.unresolved_rules().await?.iter().filter(|rule| !in_force.contains(rule)) {
        loop {
            let alerts = store.unresolved_alerts(rule, PAGE).await?;
            let resolve = |fired: &Transition| Transition {
                state: AlertState::Resolved,
                at: now,
                event: None,
                value: None,
                measured: None,
                message: "the rule is gone".to_owned(),
                delivery: if current.webhook.is_some() { Delivery::waiting(now) } else { Delivery::NONE },
                ..fired.clone()
            };
            let first = alerts.iter().filter_map(|alert| alert.transitions.first());
            let transitions: Vec<_> = first.map(resolve).collect();
            store.add_transitions(&transitions).await?;
            resolved += transitions.len();
            if (alerts.len() as u64) < PAGE {
                break;
            }
        }
    }
    Ok(resolved)
}
