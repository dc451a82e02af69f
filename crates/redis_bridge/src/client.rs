//! Connections to Redis.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use redis::aio::{AsyncPushSender, MultiplexedConnection};
use redis::{
    AsyncConnectionConfig, Client, IntoConnectionInfo, ProtocolVersion, RedisResult, TlsCertificates,
};

use crate::Address;

/// How long connecting may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// The way to one Redis, and in a file the authorities to trust there. An error names the variable to change.
pub(crate) fn client(address: &Address, ca_file: Option<&Path>) -> anyhow::Result<Client> {
    let url = address.url();
    // The error would repeat the URL, and with it the password.
    let no_url = "REDIS_URL is not redis://user:password@host:port/db or rediss://…";
    let info = url.into_connection_info().ok().context(no_url)?;
    // Only this protocol tells messages of subscriptions from answers.
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    let info = info.set_redis_settings(settings);
    let root_cert = match ca_file {
        None => None,
        Some(file) => Some(std::fs::read(file).with_context(|| format!("REDIS_CA_FILE {}", file.display()))?),
    };
    if !url.starts_with("rediss:") {
        return Client::open(info).ok().context(no_url);
    }
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
