//! How long a lease lasts.

use std::time::Duration;

/// How long things take that have to do with the lease.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// How long a bid is in force.
    pub ttl: Duration,
    /// How often the holder bids again, and others look.
    pub renew_every: Duration,
    /// How long a bid may take until everybody sees it.
    pub settle: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { ttl: seconds(10), renew_every: seconds(3), settle: seconds(2) }
    }
}
