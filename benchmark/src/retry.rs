//! How often a request is sent again that was not accepted, and when.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// An operation that is not accepted by then is given up.
const GIVE_UP_AFTER: Duration = Duration::from_secs(60);
/// The pause before the first repetition; it doubles from one to the next.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The tries of one request.
pub(crate) struct Retries {
    first: Instant,
    pause: Duration,
}

impl Retries {
    /// From the first try on.
    pub(crate) fn new() -> Self {
        Self { first: Instant::now(), pause: FIRST_PAUSE }
    }

    /// When the first try began.
    pub(crate) fn first(&self) -> Instant {
        self.first
    }

    /// Whether the request is to be given up.
    pub(crate) fn are_over(&self) -> bool {
        self.first.elapsed() > GIVE_UP_AFTER
    }

    /// Waits until the next try; false at once if there is none.
    pub(crate) async fn pause(&mut self) -> bool {
        if self.are_over() {
            return false;
        }
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        true
    }
}
