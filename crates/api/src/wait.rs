//! Read your own write: an answer that comes once the write is visible.
//!
//! A write is visible when the consumers' group has committed past it. One poller for all who wait,
//! at work only while somebody does.

use std::sync::Arc;
use std::time::Duration;

use bus::{Offsets, Positions, Written};
use runtime::shutdown::Shutdown;
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

const POLL_EVERY: Duration = Duration::from_millis(15);
/// After a failed poll.
const POLL_AGAIN: Duration = Duration::from_millis(250);

pub(crate) struct Waiter {
    committed: watch::Sender<Offsets>,
    wake: Arc<Notify>,
    positions: Positions,
    shutdown: Shutdown,
}

impl Waiter {
    pub(crate) fn new(positions: Positions, shutdown: Shutdown) -> Self {
        Self {
            committed: watch::Sender::new(Offsets::new()),
            wake: Arc::new(Notify::new()),
            positions,
            shutdown,
        }
    }

    /// Whether all these writes became visible within the time, and before the end was asked for.
    pub(crate) async fn visible(&self, writes: &[Written], within: Duration) -> bool {
        let mut committed = self.committed.subscribe();
        self.wake.notify_one();
        let all_passed = |offsets: &Offsets| {
            writes.iter().all(|write| offsets.get(&write.partition).is_some_and(|next| *next > write.offset))
        };
        tokio::select! {
            passed = timeout(within, committed.wait_for(all_passed)) => matches!(passed, Ok(Ok(_))),
            () = self.shutdown.cancelled() => false,
        }
    }

    /// Polls for those who wait, for ever.
    pub(crate) async fn poll(&self) {
        loop {
            if self.committed.receiver_count() == 0 {
                self.wake.notified().await;
            }
            match self.positions.committed().await {
                Ok(offsets) => {
                    self.committed.send_replace(offsets);
                    sleep(POLL_EVERY).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "could not see how far the consumers are");
                    sleep(POLL_AGAIN).await;
                }
            }
        }
    }
}
