//! What the integration tests of every crate share: real services, the workspace's own binaries as
//! processes, and waiting for conditions instead of sleeping.
//!
//! Nothing here outlives the test process, however that ends. Nothing here may be used outside tests.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that can't be set up has to fail loudly")]

use std::time::{SystemTime, UNIX_EPOCH};

pub mod engine;
pub mod gate;
mod guard;
pub mod kafka;
pub mod port;
pub mod process;
pub mod proxy;
pub mod redis;
mod suite;
pub mod wait;

pub use process::Process;

/// A name that nobody else uses, for a test's own database, topic or group.
pub fn unique(prefix: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock past 1970");
    format!("{prefix}_{}_{}", std::process::id(), now.as_nanos())
}
