//! One look at everything: for each rule what the store has to say, what follows, and that it is kept.

mod arrivals;

use futures_util::{StreamExt, stream};
use model::{Tenant, Timestamp};
use store::{AlertKey, AlertState, Filters, Metric, Range, Scope, Store, StoreError, Zone};

use crate::decide::Decision;
use crate::decide::condition::{Seen, decide};
use crate::file::Current;
use crate::rules::{Condition, Kind, Rule, Span};

/// Rules that are evaluated at once.
const AT_ONCE: usize = 4;

/// How far the events are on their way into the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// All that the log took before this time is in the table; `None` if that can't be seen just now.
    pub complete_until: Option<Timestamp>,
    /// Operations that are not visible yet.
    pub lag: u64,
}

/// Evaluates rules, whoever else does at the same time.
#[derive(Clone)]
pub struct Evaluator {
    store: Store,
}

/// What became of the rules in one look.
pub(crate) struct Looked<'a> {
    pub(crate) rule: &'a Rule,
    /// The states that alerts came to.
    pub(crate) outcome: Result<Vec<AlertState>, StoreError>,
}

impl Evaluator {
    /// Of the events of this store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Evaluates all rules once. Without progress what depends on it is left for the next time.
    pub(crate) async fn look<'a>(&self, current: &'a Current, progress: Option<Progress>) -> Vec<Looked<'a>> {
        let rules = current.rules.rules.iter();
        let all: Vec<_> = rules.map(|rule| self.look_at(current, rule, progress)).collect();
        stream::iter(all).buffered(AT_ONCE).collect().await
    }

    async fn look_at<'a>(
        &self,
        current: &'a Current,
        rule: &'a Rule,
        progress: Option<Progress>,
    ) -> Looked<'a> {
        Looked { rule, outcome: self.rule(current, rule, progress).await }
    }

    async fn rule(
        &self,
        current: &Current,
        rule: &Rule,
        progress: Option<Progress>,
    ) -> Result<Vec<AlertState>, StoreError> {
        let decision = Decision { rule, now: Timestamp::now(), is_told: current.webhook.is_some() };
        match &rule.kind {
            Kind::Event(event) => arrivals::look(&self.store, decision, event, current.since, progress).await,
            Kind::Condition(condition) => self.condition(decision, condition, progress).await,
        }
    }

    async fn condition(
        &self,
        decision: Decision<'_>,
        condition: &Condition,
        progress: Option<Progress>,
    ) -> Result<Vec<AlertState>, StoreError> {
        let Some(progress) = progress else { return Ok(Vec::new()) };
        let Rule { tenant, name, .. } = decision.rule;
        // What is known comes first: what is seen later decides what becomes of it.
        let known = self.store.alerts_of(tenant, name, &[AlertKey::default()]).await?;
        let seen = self.see(tenant, condition, progress).await?;
        let Some(transition) = decide(decision, known.last(), seen) else { return Ok(Vec::new()) };
        self.store.add_transitions(std::slice::from_ref(&transition)).await?;
        Ok(vec![transition.state])
    }

    /// What holds of the time up to which all is visible: what is still on its way is no silence.
    async fn see(
        &self,
        tenant: &Tenant,
        condition: &Condition,
        progress: Progress,
    ) -> Result<Seen, StoreError> {
        Ok(match (condition, progress.complete_until) {
            (Condition::Lag { over }, _) => Seen::lag(progress.lag, *over),
            (_, None) => Seen::Unknown,
            (Condition::Metric { metric, filters, window, bound, min_events }, Some(now)) => {
                let measure = self.measure(tenant, filters, metric, window, now).await?;
                let (value, events) = (measure.value, measure.events);
                Seen::metric(&metric.to_string(), value, *bound, window, events, *min_events)
            }
            (Condition::Silence { filters, span }, Some(now)) => {
                let measure = self.measure(tenant, filters, &Metric::Events, span, now).await?;
                Seen::silence(measure.events, span)
            }
        })
    }

    async fn measure(
        &self,
        tenant: &Tenant,
        filters: &Filters,
        metric: &Metric,
        window: &Span,
        now: Timestamp,
    ) -> Result<store::queries::Measure, StoreError> {
        let behind = Timestamp::from_millis(now.millis() + 1).unwrap_or(now);
        // A window is never empty.
        let Ok(range) = Range::new(window.before(now), behind, now) else {
            return Ok(store::queries::Measure { events: 0, value: None });
        };
        let scope =
            Scope { tenant, range, zone: &Zone::UTC, filters, limits: self.store.limits(), query_id: None };
        self.store.measure(&scope, metric).await
    }
}

#[cfg(test)]
mod tests;
