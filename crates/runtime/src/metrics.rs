//! Numbers for whoever watches, in the text format of Prometheus (`OpenMetrics` 1.0).

use std::sync::Arc;

use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Metric;
pub use prometheus_client::registry::{Registry, Unit};

/// The type of [`Page::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A registry whose names begin with `millrace_`.
pub fn registry() -> Registry {
    Registry::with_prefix("millrace")
}

/// The upper bounds of all histograms of times, in seconds.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// How many upper bounds histograms of sizes have, in bytes or in things: the powers of 4 from 1 to 64 Mi.
const SIZES: u16 = 14;

/// A histogram of times in seconds.
pub fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

/// A histogram of sizes.
pub fn sizes() -> Histogram {
    Histogram::new(exponential_buckets(1.0, 4.0, SIZES))
}

/// Shows a metric on the page and gives it back. The page puts `_total` behind the name of a counter and a full
/// stop behind `help`.
pub fn register<M: Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register(name, help, metric.clone());
    metric
}

/// Shows a metric that has a unit, which the page puts behind the name, as [`register`] does.
pub fn register_in<M: Metric + Clone>(
    registry: &mut Registry,
    unit: Unit,
    name: &str,
    help: &str,
    metric: M,
) -> M {
    registry.register_with_unit(name, help, unit, metric.clone());
    metric
}

/// The numbers of one process. Cheap to clone.
#[derive(Clone)]
pub struct Page(Arc<Registry>);

impl Page {
    /// A page of every metric in the registry.
    pub fn new(registry: Registry) -> Self {
        Self(Arc::new(registry))
    }

    /// The page's text, with the present value of each metric.
    pub fn text(&self) -> String {
        let mut text = String::new();
        match prometheus_client::encoding::text::encode(&mut text, &self.0) {
            Ok(()) => text,
            Err(error) => format!("# {error}\n"),
        }
    }
}
