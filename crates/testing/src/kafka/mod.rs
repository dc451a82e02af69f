//! Real Apache Kafka brokers (KRaft, broker and controller in one), run from the jars that `make kafka` fetches.

mod broker;
mod cluster;
mod quorum;
mod settings;

use std::sync::OnceLock;

pub use broker::Broker;
pub use cluster::Cluster;
pub use settings::Way;

/// The address of the one broker that all tests of this process share, started on first use.
pub fn brokers() -> &'static str {
    static SHARED: OnceLock<Broker> = OnceLock::new();
    SHARED.get_or_init(Broker::start).brokers()
}
