//! What the API listens on, takes and allows.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use redis_bridge::{Address, Publisher};
use runtime::config::positive;
use runtime::server::Limits;
use serde::Deserialize;

use crate::guard;
use crate::segment::PublicUrl;

/// The variables of the API.
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub struct Config {
    /// The address to listen on.
    pub api_host: IpAddr,
    /// The port to listen on; 0 picks one.
    pub api_port: u16,
    /// A port of the same address where `/metrics` needs no key; 0 picks one.
    pub metrics_port: Option<u16>,
    /// Who may write and read: `tenant:scopes:sha256-of-the-key`, comma-separated.
    pub api_keys: String,
    /// A file of further ones, by lines, read again when it changes.
    pub api_keys_file: Option<PathBuf>,
    /// What sessions of the page are signed with; each process has a secret of its own if absent.
    pub session_secret: Option<String>,
    /// Whether everyone may write and read who reaches an address that not only this machine does.
    pub allow_anonymous: bool,
    /// The names besides this machine's by which callers may know the API, comma-separated; `*` for any. Where
    /// others than this machine reach it, none stands for any.
    pub allowed_hosts: String,
    /// The origins besides this machine's whose web pages may call the API, comma-separated; `*` for any.
    pub allowed_origins: String,
    /// How long the head of a request may take to come, in milliseconds.
    #[serde(deserialize_with = "positive")]
    pub api_head_timeout_ms: u64,
    /// How long a connection is kept between two requests, in milliseconds.
    #[serde(deserialize_with = "positive")]
    pub api_idle_timeout_ms: u64,
    /// How long a client may read nothing of its answer, in milliseconds.
    #[serde(deserialize_with = "positive")]
    pub api_write_timeout_ms: u64,
    /// How long the API goes on taking connections after the end was asked for, not ready, in milliseconds.
    pub api_drain_ms: u64,
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
    /// The file of the rules of alerts, read again when it changes; without one none are evaluated.
    pub alerts_file: Option<PathBuf>,
    /// How often the rules of alerts are evaluated, in milliseconds.
    #[serde(deserialize_with = "positive")]
    pub alerts_interval_ms: u64,
    /// The largest event of Segment's dialect, in bytes of its own JSON text.
    #[serde(deserialize_with = "positive")]
    pub segment_max_event_bytes: usize,
    /// Where clients reach the API from outside, such as `https://events.example.com`; the `Host` of each request
    /// if absent.
    pub public_url: Option<PublicUrl>,
    /// Whether `POST /test/publish-event` is served, if `redis_url` names a Redis.
    pub enable_test_endpoints: bool,
    /// Where that publishes: `redis://user:password@host:port/db`, or `rediss://…` for TLS.
    pub redis_url: Option<Address>,
    /// A file of the authorities to trust there, in PEM, in place of the public ones.
    pub redis_ca_file: Option<PathBuf>,
    /// The most events of a batch.
    #[serde(deserialize_with = "positive")]
    pub max_batch_events: usize,
    /// What the bodies of all requests may hold at once, in bytes; further ones are answered 503.
    #[serde(deserialize_with = "positive")]
    pub max_bodies_bytes: usize,
    /// The most connections at once; further ones are answered 503.
    #[serde(deserialize_with = "positive")]
    pub max_connections: usize,
    /// The most writes at once; further ones are answered 503.
    #[serde(deserialize_with = "positive")]
    pub max_in_flight: usize,
    /// The most writes that wait to become visible at once; further ones are answered without waiting.
    pub max_waiting: usize,
    /// The most reads of one event and analytics at once; further ones are answered 503.
    #[serde(deserialize_with = "positive")]
    pub max_reads: usize,
    /// The most questions about many events that one tenant asks at once; further ones are answered 429.
    #[serde(deserialize_with = "positive")]
    pub max_questions: u32,
    /// The most conversations, `EventService` pages and audit trails that are sent at once; others are answered 503.
    #[serde(deserialize_with = "positive")]
    pub max_streams: usize,
    /// The most tails that are watched at once; further ones are answered 429.
    #[serde(deserialize_with = "positive")]
    pub max_watchers: usize,
    /// The most tails that one tenant watches at once; further ones are answered 429.
    #[serde(deserialize_with = "positive")]
    pub max_tenant_watchers: u32,
    /// What the tails keep of the operations that came last, in bytes: who falls further behind misses some.
    #[serde(deserialize_with = "positive")]
    pub tail_buffer_bytes: usize,
    /// How long that is kept for a tenant whose last watcher has gone, in milliseconds: a client that comes back goes
    /// on where it was.
    pub tail_linger_ms: u64,
    /// The most files of the page that are sent at once; further ones are answered 503.
    #[serde(deserialize_with = "positive")]
    pub max_files: usize,
    /// The most answers with histories at once, each of which reads and holds a part of the topic; further ones are
    /// answered 503.
    #[serde(deserialize_with = "positive")]
    pub max_histories: usize,
    /// How long the topic may be read for the histories of one answer, in milliseconds.
    pub history_timeout_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            api_host: Ipv4Addr::LOCALHOST.into(),
            api_port: 8080,
            metrics_port: None,
            api_keys: String::new(),
            api_keys_file: None,
            session_secret: None,
            allow_anonymous: false,
            allowed_hosts: String::new(),
            allowed_origins: String::new(),
            api_head_timeout_ms: 10_000,
            api_idle_timeout_ms: 75_000,
            api_write_timeout_ms: 30_000,
            api_drain_ms: 0,
            event_names: "event_a,event_b,event_c".into(),
            max_event_age_days: 3_650,
            max_body_bytes: 1 << 20,
            max_batch_body_bytes: 10 << 20,
            alerts_file: None,
            alerts_interval_ms: 10_000,
            segment_max_event_bytes: 32 << 10,
            public_url: None,
            enable_test_endpoints: false,
            redis_url: None,
            redis_ca_file: None,
            max_batch_events: 5_000,
            max_bodies_bytes: 128 << 20,
            max_connections: 8_192,
            max_in_flight: 4_096,
            max_waiting: 4_096,
            max_reads: 1_024,
            max_questions: 16,
            max_streams: 256,
            max_watchers: 256,
            max_tenant_watchers: 16,
            tail_buffer_bytes: 16 << 20,
            tail_linger_ms: 10_000,
            max_files: 256,
            max_histories: 4,
            history_timeout_ms: 10_000,
        }
    }
}

impl Config {
    /// An error names the variable that can't be meant, or those that contradict each other.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        guard::check(self)?;
        for (name, most) in
            [("MAX_BODY_BYTES", self.max_body_bytes), ("MAX_BATCH_BODY_BYTES", self.max_batch_body_bytes)]
        {
            anyhow::ensure!(
                self.max_bodies_bytes / 2 >= most,
                "MAX_BODIES_BYTES ({}) must be at least twice {name} ({most}): a body may be there packed and unpacked",
                self.max_bodies_bytes
            );
        }
        Ok(())
    }

    /// Where test events are published, if they are.
    pub(crate) fn publisher(&self) -> anyhow::Result<Option<Publisher>> {
        let url = self.redis_url.as_ref().filter(|_| self.enable_test_endpoints);
        url.map(|url| Publisher::new(url, self.redis_ca_file.as_deref())).transpose()
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_browser_sends_as_host_or_origin_is_refused() {
        let check = |hosts: &str, origins: &str| {
            Config { allowed_hosts: hosts.into(), allowed_origins: origins.into(), ..Config::default() }
                .check()
        };
        check("a.example, B.example", "https://a.example,http://b.example:8080").unwrap();
        check("*", "*").unwrap();
        check("", "null,chrome-extension://abc").unwrap();
        for hosts in ["http://a.example", "a.example/", "a.example:8080"] {
            let error = check(hosts, "").unwrap_err().to_string();
            assert!(error.contains("ALLOWED_HOSTS") && error.contains(hosts), "{error}");
        }
        for origins in ["a.example", "https://a.example/", "https://b.example,a.example:80", "https://"] {
            let error = check("", origins).unwrap_err().to_string();
            assert!(error.contains("ALLOWED_ORIGINS"), "{error}");
        }
    }

    #[test]
    fn all_bodies_together_may_hold_the_largest_one() {
        let with = |max_bodies_bytes, max_batch_body_bytes| {
            Config { max_body_bytes: 1, max_bodies_bytes, max_batch_body_bytes, ..Config::default() }.check()
        };
        assert!(Config::default().check().is_ok() && with(20, 10).is_ok());
        let error = with(19, 10).unwrap_err().to_string();
        assert!(
            error.contains("MAX_BODIES_BYTES (19)") && error.contains("MAX_BATCH_BODY_BYTES (10)"),
            "{error}"
        );
    }
}
