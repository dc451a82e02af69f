//! How to reach ClickHouse.

use serde::Deserialize;

/// The variables that begin with `CLICKHOUSE_`. Holds a password, so it can't be printed.
#[derive(Clone, Deserialize)]
#[serde(default)]
pub struct Config {
    /// The whole address, in place of host and port.
    pub url: Option<String>,
    /// The host.
    pub host: String,
    /// The port of the HTTP interface.
    pub port: u16,
    /// The database; made if it is missing.
    pub database: String,
    /// The user.
    pub user: String,
    /// The user's password.
    pub password: String,
    /// The cluster on which to create a replicated table; a plain table if absent.
    pub cluster: Option<String>,
    /// Sync each insert to the disk: for a server that is alone on its machine.
    pub fsync: bool,
    /// How long the server may take for one answer, or one piece of an insert, in milliseconds. For
    /// the end of an insert it may take four times as long.
    pub timeout_ms: u64,
    /// How long making or altering a table may take, in milliseconds.
    pub ddl_timeout_ms: u64,
    /// What the server may take in memory for one read, in bytes; 0 for what it takes by itself.
    pub read_max_memory_bytes: u64,
    /// How many rows the server may read for one answer; 0 for any number.
    pub read_max_rows: u64,
}

/// The address can't be that of ClickHouse's HTTP interface.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// ClickHouse's native protocol listens there.
    #[error(
        "CLICKHOUSE_PORT=9000 is ClickHouse's native protocol; set the port of its HTTP interface, 8123 by default"
    )]
    NativePort,
    /// Not a name that can stand in SQL as it is.
    #[error("{0} must be letters, digits and underscores")]
    Name(&'static str),
    /// Nothing can be answered at once.
    #[error("{0} must be at least 1")]
    NoTime(&'static str),
    /// Not an address.
    #[error("CLICKHOUSE_URL must begin with http:// or https://")]
    Scheme,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: None,
            host: "localhost".into(),
            port: 8123,
            database: "event_analytics".into(),
            user: "default".into(),
            password: String::new(),
            cluster: None,
            fsync: false,
            timeout_ms: 30_000,
            ddl_timeout_ms: 600_000,
            read_max_memory_bytes: 2 << 30,
            read_max_rows: 1_000_000_000,
        }
    }
}

impl Config {
    /// The address of the HTTP interface.
    pub fn url(&self) -> Result<String, ConfigError> {
        let plain = |name: &str| {
            let mut bytes = name.bytes();
            !name.is_empty() && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        if !plain(&self.database) {
            return Err(ConfigError::Name("CLICKHOUSE_DATABASE"));
        }
        if !self.cluster.as_deref().is_none_or(plain) {
            return Err(ConfigError::Name("CLICKHOUSE_CLUSTER"));
        }
        for (name, time) in
            [("CLICKHOUSE_TIMEOUT_MS", self.timeout_ms), ("CLICKHOUSE_DDL_TIMEOUT_MS", self.ddl_timeout_ms)]
        {
            if time == 0 {
                return Err(ConfigError::NoTime(name));
            }
        }
        match &self.url {
            Some(url) if url.trim_end_matches('/').ends_with(":9000") => Err(ConfigError::NativePort),
            Some(url) if !url.starts_with("http://") && !url.starts_with("https://") => {
                Err(ConfigError::Scheme)
            }
            Some(url) => Ok(url.clone()),
            None if self.port == 9000 => Err(ConfigError::NativePort),
            None => Ok(format!("http://{}:{}", self.host, self.port)),
        }
    }

    /// The table of the statements that run, on all servers, as SQL.
    pub(crate) fn processes(&self) -> String {
        match &self.cluster {
            Some(name) => format!("clusterAllReplicas('{name}', system.processes)"),
            None => "system.processes".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_native_port_is_answered_with_a_hint() {
        let native = Config { port: 9000, ..Config::default() };
        assert!(native.url().unwrap_err().to_string().contains("8123"));
        let native = Config { url: Some("http://ch:9000/".into()), ..Config::default() };
        assert!(native.url().is_err());
        assert_eq!(Config::default().url().unwrap(), "http://localhost:8123");
    }

    #[test]
    fn no_time_for_an_answer_is_refused() {
        for (config, name) in [
            (Config { timeout_ms: 0, ..Config::default() }, "CLICKHOUSE_TIMEOUT_MS"),
            (Config { ddl_timeout_ms: 0, ..Config::default() }, "CLICKHOUSE_DDL_TIMEOUT_MS"),
        ] {
            assert_eq!(config.url().unwrap_err().to_string(), format!("{name} must be at least 1"));
        }
    }

    #[test]
    fn names_that_go_into_sql_are_plain() {
        let quoted = Config { database: "a`; DROP".into(), ..Config::default() };
        assert!(matches!(quoted.url(), Err(ConfigError::Name("CLICKHOUSE_DATABASE"))));
    }
}
