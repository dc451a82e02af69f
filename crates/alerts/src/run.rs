//! The life of alerts in one process: the file is looked at, and the rules are evaluated while the lease is held.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use model::Timestamp;
use runtime::shutdown::Shutdown;
use store::Store;
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::evaluate::{Evaluator, Looked, Progress};
use crate::file::{Current, RulesFile};
use crate::lease::{Lease, Terms};
use crate::metrics::{Evaluation, Metrics};
use crate::status::{Failing, Status};
use crate::webhook::Deliverer;

/// How long the end may wait for the lease to be given up.
const RELEASE_WITHIN: Duration = Duration::from_secs(2);

/// Tells how far the events are on their way; `None` if that is not known just now.
pub type AskProgress<'a> = dyn Fn() -> BoxFuture<'a, Option<Progress>> + Send + Sync + 'a;

/// Runs until `shutdown`, and gives up the lease then.
pub async fn run(
    store: Store,
    file: RulesFile,
    every: Duration,
    progress: &AskProgress<'_>,
    (metrics, status): (Metrics, Status),
    shutdown: Shutdown,
) {
    let lease = Lease::new(store.clone(), Terms::default());
    let alerts = Alerts {
        evaluator: Evaluator::new(store.clone()),
        deliverer: Deliverer::new(store, metrics.clone()),
        file: Mutex::new(file),
        lease,
        metrics,
        status,
        is_due: Notify::new(),
    };
    tokio::select! {
        () = alerts.lease.keep() => {}
        () = alerts.evaluate(every, progress) => {}
        () = alerts.deliver(every) => {}
        () = shutdown.cancelled() => {}
    }
    // If it is not, the next one waits until it ends by itself.
    let _ = timeout(RELEASE_WITHIN, alerts.lease.release()).await;
}

struct Alerts {
    evaluator: Evaluator,
    deliverer: Deliverer,
    file: Mutex<RulesFile>,
    lease: Lease,
    metrics: Metrics,
    status: Status,
    /// Whether there is something to tell the webhook.
    is_due: Notify,
}

impl Alerts {
    /// Looks at the file and evaluates its rules every so often, for ever.
    async fn evaluate(&self, every: Duration, progress: &AskProgress<'_>) {
        let (mut furthest, mut settled) = (None, None);
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.look_at_file();
            let evaluates = self.lease.is_held();
            self.metrics.evaluates.set(evaluates.into());
            self.status.say(|said| {
                said.evaluates = evaluates;
                said.failing.retain(|_| evaluates);
            });
            if evaluates {
                let current = self.current();
                self.resolve_removed(&current, &mut settled).await;
                let progress = progress().await.map(|progress| progress.never_before(&mut furthest));
                let looked = self.evaluator.look(&current, progress).await;
                self.note(&looked);
                self.is_due.notify_one();
            } else {
                settled = None;
            }
        }
    }

    /// Once for each change of the file, and when this process begins to evaluate.
    async fn resolve_removed(&self, current: &Arc<Current>, settled: &mut Option<Arc<Current>>) {
        if settled.as_ref().is_some_and(|settled| Arc::ptr_eq(settled, current)) {
            return;
        }
        match self.evaluator.resolve_removed(current).await {
            Ok(resolved) => {
                *settled = Some(Arc::clone(current));
                if resolved > 0 {
                    tracing::info!(resolved, "alerts of rules that are gone are resolved");
                }
            }
            Err(error) => tracing::warn!(%error, "could not resolve alerts of rules that are gone"),
        }
    }

    /// Tells the webhook what is due, for ever.
    async fn deliver(&self, every: Duration) {
        let mut fails = false;
        loop {
            // What others acknowledge is found at the next look.
            let _ = timeout(every, self.is_due.notified()).await;
            let current = self.current();
            let Some(webhook) = current.webhook.as_ref().filter(|_| self.lease.is_held()) else { continue };
            let delivered = self.deliverer.deliver(webhook, Timestamp::now, || self.lease.is_held()).await;
            if let (Err(error), false) = (&delivered, fails) {
                tracing::warn!(%error, "could not look for alerts to tell the webhook");
            }
            fails = delivered.is_err();
        }
    }

    fn current(&self) -> Arc<Current> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner).current()
    }

    fn look_at_file(&self) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let looked = file.look();
        let in_force = Arc::clone(&file.current().rules.rules);
        let rules = in_force.len();
        match looked {
            None => {}
            Some(Ok(())) => {
                tracing::info!(rules, "rules of alerts are in force");
                self.metrics.rules_unreadable.set(0);
                self.status.say(|said| said.unreadable = None);
            }
            Some(Err(error)) => {
                tracing::error!(%error, "the rules of alerts could not be read: they stay as they were");
                self.metrics.rules_unreadable.set(1);
                self.status.say(|said| said.unreadable = Some(error.to_string()));
            }
        }
        self.metrics.rules.set(i64::try_from(rules).unwrap_or(i64::MAX));
        self.status.say(|said| said.rules = in_force);
    }

    fn note(&self, looked: &[Looked<'_>]) {
        let before = self.status.said().failing;
        let mut failing = Vec::new();
        for Looked { rule, outcome } in looked {
            match outcome {
                Ok(states) => {
                    self.metrics.evaluated(Evaluation::done);
                    for state in states {
                        let (tenant, rule) = (&rule.tenant, &rule.name);
                        tracing::info!(%tenant, rule, %state, "an alert came to another state");
                        self.metrics.came_to(*state);
                    }
                }
                Err(error) => {
                    self.metrics.evaluated(Evaluation::failed);
                    let (tenant, rule) = (rule.tenant.clone(), rule.name.clone());
                    let problem = error.to_string();
                    // Once as long as it lasts.
                    if !before.iter().any(|known| (&known.tenant, &known.rule) == (&tenant, &rule)) {
                        tracing::warn!(%tenant, rule, problem, "a rule of alerts could not be evaluated");
                    }
                    failing.push(Failing { tenant, rule, problem });
                }
            }
        }
        self.status.say(|said| {
            said.failing = failing;
            said.evaluated_at = Some(Timestamp::now());
        });
    }
}
