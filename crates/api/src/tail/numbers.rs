//! What the tails count.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use runtime::metrics::{Registry, register};

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Numbers {
    readers: Gauge,
    watchers: Gauge,
    sent: Counter,
    missed: Counter,
}

/// Counts something as being there until it is dropped.
pub(super) struct Present(Gauge);

impl Numbers {
    pub(super) fn new(registry: &mut Registry) -> Self {
        Self {
            readers: register(
                registry,
                "tail_readers",
                "Readers of the topic for tails: 1 while somebody watches and for a moment after",
                Gauge::default(),
            ),
            watchers: register(registry, "tail_watchers", "Tails that are being watched", Gauge::default()),
            sent: register(
                registry,
                "tail_sent_operations",
                "Operations sent to watchers of tails, once for each",
                Counter::default(),
            ),
            missed: register(
                registry,
                "tail_missed_operations",
                "Operations that watchers of tails were told they missed, where the number is known",
                Counter::default(),
            ),
        }
    }

    pub(super) fn reading(&self) -> Present {
        Present::new(&self.readers)
    }

    pub(super) fn watching(&self) -> Present {
        Present::new(&self.watchers)
    }

    pub(super) fn count(&self, sent: u64, missed: u64) {
        self.sent.inc_by(sent);
        self.missed.inc_by(missed);
    }
}

impl Present {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.dec();
    }
}
