//! Everything in one process: the embedded log and engine, the API and the consumer.
//!
//! Starts and stops them in the right order; what they do is theirs. `demo` sends a made-up shop meanwhile.

mod config;
mod demo;
mod embedded;
mod offline;
mod private;
mod run;

pub use config::Config;
pub use demo::demo;
pub use offline::{dead_letters, replay, rollups};
pub use run::run;
