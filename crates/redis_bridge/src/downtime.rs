//! How long the bridge was not subscribed.

use std::time::Instant;

use crate::Metrics;

/// A time without a subscription, added to the counter as it passes.
pub(crate) struct Downtime<'a> {
    metrics: &'a Metrics,
    counted: Instant,
}

impl<'a> Downtime<'a> {
    pub(crate) fn since(since: Instant, metrics: &'a Metrics) -> Self {
        Self { metrics, counted: since }
    }

    /// Counts what has passed since the last call.
    pub(crate) fn count(&mut self) {
        let now = Instant::now();
        self.metrics.unsubscribed_seconds.inc_by(now.duration_since(self.counted).as_secs_f64());
        self.counted = now;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn time_is_counted_once() {
        let metrics = Metrics::new(&mut runtime::metrics::registry());
        let long_ago = Instant::now().checked_sub(Duration::from_secs(3)).unwrap();
        let mut downtime = Downtime::since(long_ago, &metrics);
        downtime.count();
        let first = metrics.unsubscribed_seconds.get();
        downtime.count();
        let passed = long_ago.elapsed().as_secs_f64();
        assert!(first >= 3.0 && metrics.unsubscribed_seconds.get() <= passed, "{first} of {passed}");
    }
}
