//! One look at everything: for each rule what the store has to say, what follows, and that it is kept.

mod arrivals;
mod removed;

use std::collections::HashMap;

use futures_util::{StreamExt, stream};
use model::{Tenant, Timestamp};
use store::queries::Measure;
use store::{
    AlertKey, AlertState, Filters, Measured, Metric, Range, Reading, RuleId, Scope, Store, StoreError,
    Transition, Zone,
};

use crate::decide::Decision;
use crate::decide::condition::{Seen, decide};
use crate::file::Current;
use crate::rules::{Condition, Kind, Rule};

/// Rules that are evaluated at once.
const AT_ONCE: usize = 4;
/// Where a rule of silence looks first, in milliseconds: mostly there is something, and it is read at once.
const NEWEST_MS: i64 = 60_000;

/// How far the events are on their way into the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// All that the log took before this time is in the table; `None` if that can't be seen just now.
    pub complete_until: Option<Timestamp>,
    /// Operations that are not visible yet.
    pub lag: u64,
}

impl Progress {
    /// What was complete once stays so, whatever a clock says later: `furthest` is kept from look to look.
    pub(crate) fn never_before(self, furthest: &mut Option<Timestamp>) -> Self {
        *furthest = self.complete_until.max(*furthest);
        Self { complete_until: self.complete_until.and(*furthest), ..self }
    }
}

/// Evaluates rules, whoever else does at the same time.
#[derive(Clone)]
pub struct Evaluator {
    store: Store,
}

/// What became of a rule in one look.
pub(crate) struct Looked<'a> {
    pub(crate) rule: &'a Rule,
    /// The states that alerts came to.
    pub(crate) outcome: Result<Vec<AlertState>, StoreError>,
}

/// What one look at a rule comes to.
struct Outcome {
    states: Vec<AlertState>,
    /// Up to when all that came in was seen, if that is worth keeping.
    seen_to: Option<Timestamp>,
}

impl Evaluator {
    /// Of the events of this store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Evaluates all rules once. Without progress what depends on it is left for the next time.
    pub(crate) async fn look<'a>(&self, current: &'a Current, progress: Option<Progress>) -> Vec<Looked<'a>> {
        let rules = &current.rules.rules;
        let cursors = match self.cursors(current).await {
            Ok(cursors) => cursors,
            Err(error) => {
                return rules.iter().map(|rule| Looked { rule, outcome: Err(error.clone()) }).collect();
            }
        };
        let all: Vec<_> = rules.iter().map(|rule| self.rule(current, rule, &cursors, progress)).collect();
        let outcomes: Vec<_> = stream::iter(all).buffered(AT_ONCE).collect().await;
        let seen_to = rules.iter().zip(&outcomes).filter_map(|(rule, outcome)| {
            let seen_to = outcome.as_ref().ok().and_then(|outcome| outcome.seen_to);
            seen_to.map(|seen_to| (rule.id(), seen_to))
        });
        // One for all rules: a replicated table takes one insert at a time.
        let kept = self.store.advance_alert_cursors(&seen_to.collect::<Vec<_>>()).await;
        let looked = rules.iter().zip(outcomes).map(|(rule, outcome)| {
            let outcome = outcome.and_then(|Outcome { states, seen_to }| match (&kept, seen_to) {
                (Err(error), Some(_)) => Err(error.clone()),
                _ => Ok(states),
            });
            Looked { rule, outcome }
        });
        looked.collect()
    }

    /// Resolves the alerts of rules that are not in force any more; tells how many that were.
    pub(crate) async fn resolve_removed(&self, current: &Current) -> Result<usize, StoreError> {
        removed::resolve(&self.store, current, Timestamp::now()).await
    }

    /// Up to when each rule of events has seen all that came in. A new one begins when it was read.
    async fn cursors(&self, current: &Current) -> Result<HashMap<RuleId, Timestamp>, StoreError> {
        let rules = current.rules.rules.iter().filter(|rule| matches!(rule.kind, Kind::Event(_)));
        let ids: Vec<_> = rules.map(Rule::id).collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let mut cursors = self.store.alert_cursors().await?;
        let new = ids.into_iter().filter(|id| !cursors.contains_key(id));
        let new: Vec<_> = new.map(|id| (id, current.since)).collect();
        self.store.advance_alert_cursors(&new).await?;
        cursors.extend(new);
        Ok(cursors)
    }

    async fn rule(
        &self,
        current: &Current,
        rule: &Rule,
        cursors: &HashMap<RuleId, Timestamp>,
        progress: Option<Progress>,
    ) -> Result<Outcome, StoreError> {
        let decision = Decision { rule, now: Timestamp::now(), is_told: current.webhook.is_some() };
        match &rule.kind {
            Kind::Event(event) => {
                let cursor = cursors.get(&rule.id()).copied().unwrap_or(current.since);
                arrivals::look(&self.store, decision, event, cursor, progress).await
            }
            Kind::Condition(condition) => {
                let states = self.condition(decision, condition, progress).await?;
                Ok(Outcome { states, seen_to: None })
            }
        }
    }

    async fn condition(
        &self,
        decision: Decision<'_>,
        condition: &Condition,
        progress: Option<Progress>,
    ) -> Result<Vec<AlertState>, StoreError> {
        let Some(progress) = progress else { return Ok(Vec::new()) };
        // What is known comes first: what is seen later decides what becomes of it.
        let known = self.store.alerts_of(&decision.rule.id(), &[AlertKey::default()]).await?;
        let (seen, measured) = self.see(&decision.rule.tenant, condition, progress).await?;
        let Some(transition) = decide(decision, known.last(), seen) else { return Ok(Vec::new()) };
        let measured = measured.filter(|_| transition.state == AlertState::Open);
        let transition = Transition { measured, ..transition };
        self.store.add_transitions(std::slice::from_ref(&transition)).await?;
        Ok(vec![transition.state])
    }

    /// What holds of the time up to which all is visible, since what is still on its way is no silence; and what was
    /// measured.
    async fn see(
        &self,
        tenant: &Tenant,
        condition: &Condition,
        progress: Progress,
    ) -> Result<(Seen, Option<Measured>), StoreError> {
        Ok(match (condition, progress.complete_until) {
            (Condition::Lag { over }, _) => (Seen::lag(progress.lag, *over), None),
            (_, None) => (Seen::Unknown, None),
            (Condition::Metric { metric, filters, window, bound, min_events }, Some(now)) => {
                let of = measured(metric, filters, window.before(now), now);
                let measure = self.measure(tenant, &of).await?;
                (Seen::metric(&metric.to_string(), measure, *bound, window, *min_events), Some(of))
            }
            (Condition::Silence { filters, span }, Some(now)) => {
                let begins = span.before(now);
                let newest = begins.max(Timestamp::from_millis(now.millis() - NEWEST_MS).unwrap_or(begins));
                let since = |from| measured(&Metric::Events, filters, from, now);
                let mut events = self.measure(tenant, &since(newest)).await?.events;
                let of = since(begins);
                if events == 0 && newest > begins {
                    events = self.measure(tenant, &of).await?.events;
                }
                (Seen::silence(events, span), Some(of))
            }
        })
    }

    async fn measure(&self, tenant: &Tenant, of: &Measured) -> Result<Measure, StoreError> {
        let Measured { metric, filters, from, to } = of;
        // A window is never empty.
        let Ok(range) = Range::new(*from, *to, *to) else { return Ok(Measure::default()) };
        let scope = Scope {
            tenant,
            range,
            zone: &Zone::UTC,
            filters,
            limits: self.store.limits(),
            reading: Reading::Raw,
            query_id: None,
        };
        self.store.measure(&scope, metric).await
    }
}

/// What a metric is measured of; an event of the time `until` counts.
fn measured(metric: &Metric, filters: &Filters, from: Timestamp, until: Timestamp) -> Measured {
    let to = Timestamp::from_millis(until.millis() + 1).unwrap_or(until);
    Measured { metric: metric.clone(), filters: filters.clone(), from, to }
}

#[cfg(test)]
mod tests;
