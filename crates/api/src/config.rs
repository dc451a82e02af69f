//! What the API listens on, takes and allows.

use std::net::{IpAddr, Ipv4Addr};

use runtime::config::positive;
use serde::Deserialize;

/// The variables of the API.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Config {
    /// The address to listen on.
    pub api_host: IpAddr,
    /// The port to listen on; 0 picks one.
    pub api_port: u16,
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
    /// The most requests at once; further ones are answered 503.
    #[serde(deserialize_with = "positive")]
    pub max_in_flight: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            api_host: Ipv4Addr::LOCALHOST.into(),
            api_port: 8080,
            event_names: "event_a,event_b,event_c".into(),
            max_event_age_days: 3_650,
            max_body_bytes: 1 << 20,
            max_batch_body_bytes: 10 << 20,
            max_batch_events: 5_000,
            max_bodies_bytes: 128 << 20,
            max_in_flight: 4_096,
        }
    }
}
