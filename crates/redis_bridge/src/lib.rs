//! Redis in, Kafka out: events that services publish on channels and add to streams.
//!
//! [`subscription`] hears what is published, which Redis delivers at most once, and keeps what fits into the
//! [`queue`]; [`streams`] read entries as a member of a group and acknowledge them once Kafka has their events.
//! [`delivery`] makes operations of messages and puts them on the topic, and what can't be decoded with the dead
//! letters. [`Publisher`] is the way back, for tests of an installation. Knows nothing of HTTP and of the table.

mod client;
mod config;
mod delivery;
mod downtime;
mod entry_sizes;
mod message;
mod metrics;
mod publisher;
mod queue;
mod reply;
mod run;
mod streams;
mod subscription;
mod tenants;

pub use config::{Address, Config};
pub use metrics::Metrics;
pub use publisher::{PublishError, Publisher};
pub use run::run;
