//! What the API listens on, takes and allows.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use runtime::config::positive;
use runtime::server::Limits;
use serde::Deserialize;

/// The variables of the API.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Config {
    /// The address to listen on.
    pub api_host: IpAddr,
    /// The port to listen on; 0 picks one.
    pub api_port: u16,
    /// How long the head of a request may take to come, in milliseconds.
    #[serde(deserialize_with = "positive")]
    pub api_head_timeout_ms: u64,
    /// How long a connection is kept between two requests, in milliseconds.
    #[serde(deserialize_with = "positive")]
    pub api_idle_timeout_ms: u64,
    /// How long a client may read nothing of its answer, in milliseconds.
    #[serde(deserialize_with = "positive")]
    pub api_write_timeout_ms: u64,
    /// The names that native writes may use, comma-separated; `*` for any.
    pub event_names: String,
    /// How far back a new event may lie, in days.
    pub max_event_age_days: u32,
    /// The largest body of a single write, in bytes.
    #[serde(deserialize_with = "positive")]
    pub max_body_bytes: usize,
    /// The largest body of a batch, in bytes, unpacked.
    #[serde(deserialize_with = "positive")]
    pub max_batch_body_bytes: usize,
    /// The most events of a batch.
    #[serde(deserialize_with = "positive")]
    pub max_batch_events: usize,
    /// What the bodies of all requests may hold at once, in bytes; further ones are answered 503.
    #[serde(deserialize_with = "positive")]
    pub max_bodies_bytes: usize,
    /// The most connections at once; further ones are answered 503.
    #[serde(deserialize_with = "positive")]
    pub max_connections: usize,
    /// The most requests at once; further ones are answered 503.
    #[serde(deserialize_with = "positive")]
    pub max_in_flight: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            api_host: Ipv4Addr::LOCALHOST.into(),
            api_port: 8080,
            api_head_timeout_ms: 10_000,
            api_idle_timeout_ms: 75_000,
            api_write_timeout_ms: 30_000,
            event_names: "event_a,event_b,event_c".into(),
            max_event_age_days: 3_650,
            max_body_bytes: 1 << 20,
            max_batch_body_bytes: 10 << 20,
            max_batch_events: 5_000,
            max_bodies_bytes: 128 << 20,
            max_connections: 8_192,
            max_in_flight: 4_096,
        }
    }
}

impl Config {
    /// What a connection may take.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            head: Duration::from_millis(self.api_head_timeout_ms),
            idle: Duration::from_millis(self.api_idle_timeout_ms),
            write: Duration::from_millis(self.api_write_timeout_ms),
            connections: self.max_connections,
            ..Limits::default()
        }
    }
}
