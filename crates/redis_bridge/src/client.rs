//! Connections to Redis.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use redis::aio::{AsyncPushSender, MultiplexedConnection};
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, IntoConnectionInfo, ProtocolVersion, RedisResult,
    TlsCertificates,
};

use crate::Address;

/// How long connecting may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// The way to one Redis, and in a file the authorities to trust there. An error names the variable to change.
pub(crate) fn client(address: &Address, ca_file: Option<&Path>) -> anyhow::Result<Client> {
    // The error would repeat the URL, and with it the password.
    let no_url = "REDIS_URL is not redis://user:password@host:port/db or rediss://…";
    let info = address.url().into_connection_info().ok().context(no_url)?;
    // Only this protocol tells messages of subscriptions from answers.
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    let info = info.set_redis_settings(settings);
    if !matches!(info.addr(), ConnectionAddr::TcpTls { .. }) {
        anyhow::ensure!(ca_file.is_none(), "REDIS_CA_FILE is for rediss://…, and REDIS_URL is without TLS");
        return Client::open(info).ok().context(no_url);
    }
    let root_cert = match ca_file {
        None => None,
        Some(file) => Some(std::fs::read(file).with_context(|| format!("REDIS_CA_FILE {}", file.display()))?),
    };
    // Another part of the process may have chosen one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let certificates = TlsCertificates { client_tls: None, root_cert };
    Client::build_with_tls(info, certificates).context("REDIS_CA_FILE")
}

/// Connects. Calls are given up after `silence`.
pub(crate) async fn connect(client: &Client, silence: Duration) -> RedisResult<MultiplexedConnection> {
    client.get_multiplexed_async_connection_with_config(&settings(silence)).await
}

/// The same, for a connection whose messages are handed over.
pub(crate) async fn connect_listening(
    client: &Client,
    silence: Duration,
    listener: impl AsyncPushSender,
) -> RedisResult<MultiplexedConnection> {
    let settings = settings(silence).set_push_sender(listener);
    client.get_multiplexed_async_connection_with_config(&settings).await
}

fn settings(silence: Duration) -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_WITHIN))
        .set_response_timeout(Some(silence))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities_are_for_tls_alone_whichever_way_it_is_written() {
        let opened = |url: &str, ca_file: &str| {
            let outcome = client(&Address::new(url), Some(Path::new(ca_file)));
            outcome.map(|_| ()).unwrap_err().to_string()
        };
        assert!(opened("redis://:secret@localhost", "/nowhere").contains("without TLS"));
        for url in ["rediss://localhost", "REDISS://localhost", "valkeys://localhost"] {
            assert_eq!(opened(url, "/nowhere"), "REDIS_CA_FILE /nowhere", "{url}");
        }
    }

    #[test]
    fn a_url_that_is_none_is_not_repeated() {
        let error = client(&Address::new("http://:secret@localhost"), None).unwrap_err();
        assert!(!format!("{error:#}").contains("secret"), "{error:#}");
    }
}
