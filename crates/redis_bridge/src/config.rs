//! Where Redis is, what is read there, and how much may wait.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use runtime::config::{ConfigError, load, positive};
use serde::Deserialize;

/// The word for no patterns: an empty variable counts as absent.
const NONE: &str = "none";

/// The URL of a Redis. Holds a password, so it can't be printed.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Address(String);

impl Address {
    /// `redis://user:password@host:port/db`, or `rediss://…` for TLS. Not checked.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    pub(crate) fn url(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the address of a Redis")
    }
}

/// The variables that begin with `REDIS_`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Config {
    /// `redis://user:password@host:port/db`, or `rediss://…` for TLS.
    pub url: Option<Address>,
    /// A file of the authorities to trust, in PEM, in place of the public ones.
    pub ca_file: Option<PathBuf>,
    /// The patterns to subscribe to, comma-separated; `none` for none.
    pub patterns: String,
    /// The streams to read, comma-separated.
    pub streams: String,
    /// The group that reads the streams.
    pub group: String,
    /// This member's name in the group; the host's name if absent.
    pub consumer: Option<String>,
    /// The tenants whose events are taken in, comma-separated; `*` for any.
    pub tenants: String,
    /// What messages of subscriptions may hold while they wait, and as much again those of streams, in bytes.
    #[serde(deserialize_with = "positive")]
    pub queue_bytes: usize,
    /// How often a quiet connection is asked for an answer, in milliseconds.
    #[serde(deserialize_with = "positive")]
    pub ping_interval_ms: u64,
    /// After so long without an answer a connection is given up, in milliseconds.
    #[serde(deserialize_with = "positive")]
    pub silence_ms: u64,
    /// After so long an entry that a member has read and not acknowledged is claimed, in milliseconds.
    #[serde(deserialize_with = "positive")]
    pub claim_idle_ms: u64,
    /// The port of the status page (`/health`, `/ready`, `/metrics`); 0 picks one.
    pub status_port: u16,
    /// The address of the status page.
    pub status_host: IpAddr,
    /// How long what was read may take to get to the topic after the end was asked for, in milliseconds.
    pub shutdown_timeout_ms: u64,
    /// How far back an event may lie, in days.
    pub max_event_age_days: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: None,
            ca_file: None,
            patterns: "events:*,events.*".into(),
            streams: String::new(),
            group: "millrace".into(),
            consumer: None,
            tenants: "*".into(),
            queue_bytes: 64 << 20,
            ping_interval_ms: 10_000,
            silence_ms: 30_000,
            claim_idle_ms: 60_000,
            status_port: 8_082,
            status_host: Ipv4Addr::LOCALHOST.into(),
            shutdown_timeout_ms: 20_000,
            max_event_age_days: 3_650,
        }
    }
}

impl Config {
    /// Reads the variables. `None` if `REDIS_URL` is not set.
    pub fn from_env() -> Result<Option<Self>, ConfigError> {
        let config: Self = load("REDIS_")?;
        Ok(config.url.is_some().then_some(config))
    }

    pub(crate) fn check(&self) -> anyhow::Result<()> {
        anyhow::ensure!(
            !self.patterns().is_empty() || !self.streams().is_empty(),
            "REDIS_PATTERNS and REDIS_STREAMS name nothing to read"
        );
        anyhow::ensure!(
            self.ping_interval_ms < self.silence_ms,
            "REDIS_PING_INTERVAL_MS ({}) must be less than REDIS_SILENCE_MS ({})",
            self.ping_interval_ms,
            self.silence_ms
        );
        Ok(())
    }

    pub(crate) fn patterns(&self) -> Vec<&str> {
        if self.patterns.trim() == NONE { Vec::new() } else { listed(&self.patterns) }
    }

    pub(crate) fn streams(&self) -> Vec<&str> {
        listed(&self.streams)
    }

    pub(crate) fn silence(&self) -> Duration {
        Duration::from_millis(self.silence_ms)
    }

    pub(crate) fn ping_interval(&self) -> Duration {
        Duration::from_millis(self.ping_interval_ms)
    }

    pub(crate) fn claim_idle(&self) -> Duration {
        Duration::from_millis(self.claim_idle_ms)
    }
}

/// What a comma-separated list names.
pub(crate) fn listed(list: &str) -> Vec<&str> {
    list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn something_must_be_read_and_answers_be_waited_for() {
        let default = Config::default;
        default().check().unwrap();
        assert_eq!(default().patterns(), ["events:*", "events.*"]);
        let with = |patterns: &str, streams: &str| Config {
            patterns: patterns.into(),
            streams: streams.into(),
            ..default()
        };
        with("none", " orders , users,").check().unwrap();
        assert_eq!(with("none", " orders , users,").streams(), ["orders", "users"]);
        for (config, named) in [
            (with("none", ""), "REDIS_STREAMS"),
            (with(",", " , "), "REDIS_PATTERNS"),
            (Config { ping_interval_ms: 30_000, ..default() }, "REDIS_SILENCE_MS (30000)"),
        ] {
            let error = config.check().unwrap_err().to_string();
            assert!(error.contains(named), "{error}");
        }
    }
}
