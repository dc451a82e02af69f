//! What whoever rolls hours up counts.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use runtime::metrics::{Registry, Unit, register, register_in, seconds};

/// The numbers of rollups. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Numbers {
    pub(super) hours: Counter,
    pub(super) seconds: Histogram,
    pub(super) failures: Counter,
    pub(super) compared: Counter,
    pub(super) mismatches: Counter,
    pub(super) dirty_hours: Gauge,
    pub(super) oldest_dirty_seconds: Gauge,
}

impl Numbers {
    pub(crate) fn new(registry: &mut Registry) -> Self {
        Self {
            hours: register(
                registry,
                "rollup_hours",
                "Hours of a tenant that were rolled up",
                Counter::default(),
            ),
            seconds: register_in(
                registry,
                Unit::Seconds,
                "rollup_duration",
                "How long ClickHouse takes to roll up some hours",
                seconds(),
            ),
            failures: register(
                registry,
                "rollup_failures",
                "Times that hours could not be rolled up",
                Counter::default(),
            ),
            compared: register(
                registry,
                "rollup_compared_hours",
                "Hours of a tenant whose rollup was compared with their events",
                Counter::default(),
            ),
            mismatches: register(
                registry,
                "rollup_mismatches",
                "Hours whose rollup was found not to say what their events do: a fault",
                Counter::default(),
            ),
            dirty_hours: register(
                registry,
                "rollup_dirty_hours",
                "Hours of all tenants that were written to since they were rolled up; of those who don't roll up 0",
                Gauge::default(),
            ),
            oldest_dirty_seconds: register(
                registry,
                "rollup_oldest_dirty_seconds",
                "Since when an hour that is over has been dirty, of the one that has been longest",
                Gauge::default(),
            ),
        }
    }
}
