//! What every process of Millrace needs and that has nothing to do with events: configuration,
//! logs, numbers, retries, the end, connections, and a status page.

pub mod authority;
pub mod config;
pub mod files;
mod listen;
pub mod metrics;
pub mod retry;
pub mod server;
pub mod shutdown;
pub mod status;
pub mod telemetry;
pub mod threads;

pub use listen::listen;
