//! Tells the webhook what it was not told yet. How that stands is kept in the table, so it goes on after a restart.

use futures_util::{StreamExt, stream};
use model::Timestamp;
use store::{Alert, Outcome, Store, StoreError, Transition};

use super::{Webhook, schedule};
use crate::metrics::{Metrics, Webhooked};

/// Alerts of one look.
const PAGE: u64 = 100;
/// Requests at once.
const AT_ONCE: usize = 8;

/// Delivers what is due.
#[derive(Clone)]
pub struct Deliverer {
    store: Store,
    metrics: Metrics,
}

impl Deliverer {
    /// Of the alerts in this store.
    pub fn new(store: Store, metrics: Metrics) -> Self {
        Self { store, metrics }
    }

    /// Sends each state that is due by the clock, unless `may_go_on` says that another process does so now. Tells how
    /// many were taken and refused.
    pub async fn deliver(
        &self,
        webhook: &Webhook,
        clock: impl Fn() -> Timestamp,
        may_go_on: impl Fn() -> bool,
    ) -> Result<(usize, usize), StoreError> {
        let (mut taken, mut refused) = (0, 0);
        while may_go_on() {
            let alerts = self.store.untold_alerts(clock(), PAGE).await?;
            if alerts.is_empty() {
                break;
            }
            // The states of one alert are told one after the other.
            let all = alerts.iter().map(|alert| self.tell(webhook, alert, &clock, &may_go_on));
            let all: Vec<_> = all.collect();
            let mut told = stream::iter(all).buffer_unordered(AT_ONCE);
            while let Some(told) = told.next().await {
                // One after the other: a replicated table takes one insert at a time.
                self.store.add_transitions(&told).await?;
                let of_taken = told.iter().filter(|it| it.delivery.outcome == Outcome::Delivered).count();
                taken += of_taken;
                refused += told.len() - of_taken;
            }
        }
        Ok((taken, refused))
    }

    /// How the delivery of each state that is due stands now.
    async fn tell(
        &self,
        webhook: &Webhook,
        alert: &Alert,
        clock: &impl Fn() -> Timestamp,
        may_go_on: &impl Fn() -> bool,
    ) -> Vec<Transition> {
        let mut told = Vec::new();
        for due in &alert.transitions {
            // It may have waited for others: a receiver takes only what was signed just now.
            let now = clock();
            if due.delivery.outcome != Outcome::Waiting || due.delivery.next_try_at > now {
                continue;
            }
            let Some(then) = alert.when(due.state).filter(|_| may_go_on()) else { break };
            let sent = webhook.send(&then, due.state, now).await;
            let delivery = schedule::after(due.delivery, sent.is_ok(), now);
            if let Err(reason) = &sent {
                let (id, state, tries) = (alert.id, due.state, delivery.tries);
                tracing::warn!(%id, %state, tries, %reason, "the webhook did not take an alert");
            }
            self.metrics.sent(match delivery.outcome {
                Outcome::Delivered => Webhooked::delivered,
                Outcome::GivenUp => Webhooked::given_up,
                Outcome::Waiting | Outcome::None => Webhooked::refused,
            });
            told.push(Transition { delivery, ..due.clone() });
        }
        told
    }
}

#[cfg(test)]
mod tests;
