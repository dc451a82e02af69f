//! How large batches get, and how long they wait.

use runtime::config::positive;
use serde::Deserialize;

/// The variables that begin with `CONSUMER_`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Config {
    /// A batch of so many operations is written at once.
    #[serde(deserialize_with = "positive")]
    pub batch_size: usize,
    /// A batch of few operations is written this long after its first, one of almost `batch_size` after up to
    /// four times as long, in milliseconds.
    pub flush_interval_ms: u64,
    /// What a batch may grow to while the one before it is written, along with what is put aside, in bytes; and what
    /// the rows of one look-up may take.
    #[serde(deserialize_with = "positive")]
    pub max_batch_bytes: usize,
    /// What the rows that are cached for further updates may take, in bytes.
    pub cache_bytes: u64,
    /// The port of the status page (`/health`, `/ready`); 0 picks one.
    pub status_port: u16,
    /// The address of the status page.
    pub status_host: std::net::IpAddr,
    /// How long the last batches and commits may take after the end was asked for, in milliseconds.
    pub shutdown_timeout_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            batch_size: 10_000,
            flush_interval_ms: 150,
            max_batch_bytes: 16 << 20,
            cache_bytes: 32 << 20,
            status_port: 8081,
            status_host: std::net::Ipv4Addr::LOCALHOST.into(),
            shutdown_timeout_ms: 20_000,
        }
    }
}
