//! Everything in one process: the embedded log and engine, the API and the consumer.
//!
//! Starts and stops them in the right order; what they do is theirs.

mod config;
mod embedded;
mod offline;
mod private;
mod run;

pub use config::Config;
pub use offline::{dead_letters, replay, rollups};
pub use run::run;
