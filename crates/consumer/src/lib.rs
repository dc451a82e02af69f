//! Kafka in, ClickHouse out.
//!
//! Deliveries gather in a [`batch`], a pure [`fold`] turns the batch and what the table holds into
//! rows, [`apply`] writes them, and only then are the offsets committed. What can't be written goes
//! to the dead letters, with its reason, before the commit.

mod apply;
mod batch;
mod bisect;
mod breaker;
mod cache;
pub mod commands;
mod config;
mod decode;
mod deferred;
pub mod fold;
mod letters;
mod lookup_budget;
mod metrics;
mod pipeline;
pub mod replay;
mod rollup;
mod run;
mod table;
mod tally;

pub use config::Config;
pub use metrics::Metrics;
pub use run::run;
