//! What every process of Millrace needs and that has nothing to do with events: configuration,
//! logs, numbers, retries, the end, and a status page.

pub mod config;
mod listen;
pub mod metrics;
pub mod retry;
pub mod shutdown;
pub mod status;
pub mod telemetry;
pub mod threads;

pub use listen::listen;
