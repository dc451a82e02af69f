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

    /// Sends each state that is due at this time, unless `may_go_on` says that another process does so now. Tells how
    /// many were taken and refused.
    pub async fn deliver(
        &self,
        webhook: &Webhook,
        now: Timestamp,
        may_go_on: impl Fn() -> bool,
    ) -> Result<(usize, usize), StoreError> {
        let (mut taken, mut refused) = (0, 0);
        loop {
            let alerts = self.store.untold_alerts(now, PAGE).await?;
            if alerts.is_empty() {
                return Ok((taken, refused));
            }
            // The states of one alert are told one after the other.
            let all = alerts.iter().map(|alert| self.tell(webhook, alert, now, &may_go_on));
            let all: Vec<_> = all.collect();
            let mut told = stream::iter(all).buffer_unordered(AT_ONCE);
            while let Some(outcome) = told.next().await {
                let Some((of_taken, of_refused)) = outcome? else { return Ok((taken, refused)) };
                taken += of_taken;
                refused += of_refused;
            }
        }
    }

    /// `None` if another process goes on.
    async fn tell(
        &self,
        webhook: &Webhook,
        alert: &Alert,
        now: Timestamp,
        may_go_on: &impl Fn() -> bool,
    ) -> Result<Option<(usize, usize)>, StoreError> {
        let (mut taken, mut refused) = (0, 0);
        let is_due =
            |it: &&Transition| it.delivery.outcome == Outcome::Waiting && it.delivery.next_try_at <= now;
        for due in alert.transitions.iter().filter(is_due) {
            if !may_go_on() {
                return Ok(None);
            }
            let Some(then) = alert.when(due.state) else { continue };
            let sent = webhook.send(&then, due.state, now).await;
            let delivery = schedule::after(due.delivery, sent.is_ok(), now);
            match &sent {
                Ok(()) => taken += 1,
                Err(reason) => {
                    refused += 1;
                    let (id, state, tries) = (alert.id, due.state, delivery.tries);
                    tracing::warn!(%id, %state, tries, %reason, "the webhook did not take an alert");
                }
            }
            self.metrics.sent(match delivery.outcome {
                Outcome::Delivered => Webhooked::delivered,
                Outcome::GivenUp => Webhooked::given_up,
                Outcome::Waiting | Outcome::None => Webhooked::refused,
            });
            self.store.add_transitions(&[Transition { delivery, ..due.clone() }]).await?;
        }
        Ok(Some((taken, refused)))
    }
}

#[cfg(test)]
mod tests;
