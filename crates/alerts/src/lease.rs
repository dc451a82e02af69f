//! Who evaluates: one of several processes at a time, as their bids in the store tell.
//!
//! The store can't compare and set, but it keeps every bid, with the time at which its server took it. So everybody
//! finds the same holder in the same bids: the first of those who bid while nobody held the lease. A bid that is
//! still on its way could be one of them, so whoever bids waits until it would have come before it looks. This holds
//! as long as a bid comes within `Terms::settle`, and the clocks of a cluster's servers agree to within that. If they
//! don't, two may evaluate at once, which costs their time and no more.

mod terms;

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use store::{Bid, Store, StoreError};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

pub use terms::Terms;

/// The lease, as one process sees it.
pub struct Lease {
    store: Store,
    me: Uuid,
    terms: Terms,
    /// Until when it is this process's for certain.
    until: Mutex<Option<Instant>>,
}

impl Lease {
    /// Not held yet.
    pub fn new(store: Store, terms: Terms) -> Self {
        Self { store, me: Uuid::from_u128(rand::random()), terms, until: Mutex::default() }
    }

    /// Whether this process evaluates now.
    pub fn is_held(&self) -> bool {
        self.until.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| Instant::now() < until)
    }

    /// Bids for the lease whenever nobody has it, and keeps it then; for ever.
    pub(crate) async fn keep(&self) {
        let mut fails = false;
        loop {
            match self.renew().await {
                Ok(()) => fails = false,
                Err(error) if fails => tracing::debug!(%error, "could not bid for the evaluation of alerts"),
                Err(error) => {
                    tracing::warn!(%error, "could not bid for the evaluation of alerts");
                    fails = true;
                }
            }
            sleep(self.terms.renew_every).await;
        }
    }

    /// Takes the lease if nobody has it, and renews it if it is this process's.
    pub async fn renew(&self) -> Result<(), StoreError> {
        let holder = self.holder().await?;
        if holder.is_some_and(|holder| holder != self.me) {
            self.hold(None);
            return Ok(());
        }
        let (was_held, bid_at) = (self.is_held() && holder == Some(self.me), Instant::now());
        self.bid(self.terms.ttl).await?;
        // Made while the last one was in force it follows that one. Else somebody may have come first.
        if !(was_held && self.is_held()) {
            sleep(self.terms.settle).await;
            if self.holder().await? != Some(self.me) {
                self.hold(None);
                return Ok(());
            }
            tracing::info!("this process evaluates the rules of alerts");
        }
        self.hold(Some(bid_at + self.terms.ttl));
        Ok(())
    }

    /// Lets another process take it at once.
    pub async fn release(&self) -> Result<(), StoreError> {
        if !self.is_held() {
            return Ok(());
        }
        self.hold(None);
        self.bid(Duration::ZERO).await
    }

    async fn holder(&self) -> Result<Option<Uuid>, StoreError> {
        let (bids, now) = self.store.bids().await?;
        Ok(now.and_then(|now| holder(&bids, now.millis())))
    }

    async fn bid(&self, ttl: Duration) -> Result<(), StoreError> {
        self.store.bid(self.me, ttl, self.terms.settle / 2).await
    }

    fn hold(&self, until: Option<Instant>) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }
}

/// Who holds the lease at this time by these bids, oldest first.
fn holder(bids: &[Bid], now_ms: i64) -> Option<Uuid> {
    let end = |bid: &Bid| bid.at.millis() + i64::try_from(bid.ttl.as_millis()).unwrap_or_default();
    let mut held: Option<(Uuid, i64)> = None;
    for bid in bids {
        match held {
            // It is somebody else's.
            Some((holder, until)) if holder != bid.holder && bid.at.millis() < until => {}
            // A holder that is late may have lost it: it bids as others do.
            _ => held = Some((bid.holder, end(bid))),
        }
    }
    held.filter(|(_, until)| now_ms < *until).map(|(holder, _)| holder)
}

#[cfg(test)]
mod tests;
