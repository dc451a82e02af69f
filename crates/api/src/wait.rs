//! Read your own write: an answer that comes once the write is visible.
//!
//! A write is visible when the consumers' group has committed past it. One poller for all who wait,
//! at work only while somebody does.

use std::sync::Arc;
use std::time::Duration;

use bus::{Offsets, Positions, Written};
use runtime::shutdown::Shutdown;
use tokio::sync::{Notify, Semaphore, SemaphorePermit, watch};
use tokio::time::{Instant, sleep, timeout_at};

use crate::places::Place;

const POLL_EVERY: Duration = Duration::from_millis(15);
/// After a failed poll.
const POLL_AGAIN: Duration = Duration::from_millis(250);

pub(crate) struct Waiter {
    committed: watch::Sender<Offsets>,
    wake: Arc<Notify>,
    positions: Positions,
    /// A permit for each write that waits.
    room: Semaphore,
    shutdown: Shutdown,
}

/// The right to wait, until a time. All that a write asks before and after it shares that time.
pub(crate) struct Wait<'a> {
    waiter: &'a Waiter,
    until: Instant,
    _room: SemaphorePermit<'a>,
}

impl Waiter {
    /// At most `max_waiting` writes wait at once.
    pub(crate) fn new(positions: Positions, max_waiting: usize, shutdown: Shutdown) -> Self {
        Self {
            committed: watch::Sender::new(Offsets::new()),
            wake: Arc::new(Notify::new()),
            positions,
            room: Semaphore::new(max_waiting.min(Semaphore::MAX_PERMITS)),
            shutdown,
        }
    }

    /// Begins to wait, if somebody wants to and there is room. The write gives its place among those in
    /// flight back: others need not wait with it.
    pub(crate) fn begin(&self, within: Option<Duration>, place: &Place) -> Option<Wait<'_>> {
        let within = within?;
        let room = self.room.try_acquire().ok()?;
        place.give_back();
        Some(Wait { waiter: self, until: Instant::now() + within, _room: room })
    }

    /// Polls for those who wait, for ever.
    pub(crate) async fn poll(&self) {
        loop {
            if self.committed.receiver_count() == 0 {
                self.wake.notified().await;
            }
            match self.positions.committed().await {
                Ok(offsets) => {
                    // While nothing moves, those who wait need not look.
                    self.committed.send_if_modified(|known| {
                        let moved = *known != offsets;
                        *known = offsets;
                        moved
                    });
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

impl Wait<'_> {
    /// Whether all these writes became visible in time, and before the end was asked for.
    pub(crate) async fn visible(&self, writes: &[Written]) -> bool {
        let mut committed = self.waiter.committed.subscribe();
        self.waiter.wake.notify_one();
        let all_passed = |offsets: &Offsets| {
            writes.iter().all(|write| offsets.get(&write.partition).is_some_and(|next| *next > write.offset))
        };
        tokio::select! {
            passed = self.in_time(committed.wait_for(all_passed)) => matches!(passed, Some(Ok(_))),
            () = self.waiter.shutdown.cancelled() => false,
        }
    }

    /// What is answered in time.
    pub(crate) async fn in_time<T>(&self, question: impl Future<Output = T>) -> Option<T> {
        timeout_at(self.until, question).await.ok()
    }
}
