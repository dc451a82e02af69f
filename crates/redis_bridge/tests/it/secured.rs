//! Passwords and TLS.

use std::path::Path;
use std::process::Command;

use redis_bridge::{Address, Config};
use testing::redis::Server;
use testing::wait::until;

use crate::site::{Bridge, PATIENCE, Site, add, connection, envelope, publish};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_given_and_a_wrong_one_shown_as_trouble() {
    let site = Site::with(Server::start_with(&["--save", "", "--requirepass", "p@ss"])).await;
    let url = |password: &str| format!("redis://:{password}@127.0.0.1:{}", site.redis.port());
    let config = |password: &str| Config { url: Some(Address::new(url(password))), ..site.config() };
    let bridge = Bridge::ready(config("p%40ss"), &site.channels).await;
    publish(&mut connection(&url("p%40ss")).await, "events:a", &envelope("e-1")).await;
    site.until_events(1).await;
    bridge.stop().await;

    let bridge = Bridge::start(config("wrong"), &site.channels);
    bridge.until_trouble("WRONGPASS").await;
    bridge.stop().await;
}

/// The rights are those of docs/redis.md.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_that_may_not_read_streams_is_not_ready_until_it_may() {
    let site = Site::new().await;
    let mut connection = site.connection().await;
    let mut allow = async |rights: &str| {
        let mut command = redis::cmd("ACL");
        command.arg("SETUSER").arg("millrace").arg(rights.split(' ').collect::<Vec<_>>());
        command.exec_async(&mut connection).await.unwrap();
    };
    allow("on >p resetchannels &events:* &events.* ~orders +ping +psubscribe +punsubscribe +xgroup|create")
        .await;
    let url = Some(Address::new(format!("redis://millrace:p@127.0.0.1:{}", site.redis.port())));
    let bridge = Bridge::start(Config { url, streams: "orders".into(), ..site.config() }, &site.channels);
    let (retries, reconnects) = (r#"retries_total{part="streams"}"#, "redis_reconnects_total");
    until("it tries again", PATIENCE, async || {
        bridge.number(retries) >= 2.0 || bridge.number(reconnects) > 0.0
    })
    .await;
    // One that opens streams and can't read them would be ready now and then.
    assert_eq!(bridge.count(reconnects), "0");
    bridge.until_trouble("xreadgroup").await;

    allow("+xreadgroup +xautoclaim +xack").await;
    bridge.until_ready().await;
    publish(&mut connection, "events:a", &envelope("e-1")).await;
    add(&mut connection, "orders", &[("event", &envelope("e-2"))]).await;
    site.until_events(2).await;
    bridge.stop().await;
}

/// A certificate for the loopback address that stands for itself.
fn certify(folder: &Path) {
    let made = Command::new("openssl")
        .current_dir(folder)
        .args("req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2".split(' '))
        .args(["-subj", "/CN=redis", "-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_is_spoken_to_who_has_an_authority_that_is_trusted() {
    let port = testing::port::free();
    let tls =
        format!("--tls-port {port} --tls-cert-file cert.pem --tls-key-file key.pem --tls-auth-clients no");
    let arguments: Vec<_> = ["--save", ""].into_iter().chain(tls.split(' ')).collect();
    let site = Site::with(Server::start_prepared(&arguments, certify)).await;
    let url = Some(Address::new(format!("rediss://127.0.0.1:{port}")));
    let ca_file = Some(site.redis.folder().join("cert.pem"));
    let bridge = Bridge::ready(Config { url: url.clone(), ca_file, ..site.config() }, &site.channels).await;
    publish(&mut site.connection().await, "events:a", &envelope("e-1")).await;
    site.until_events(1).await;
    bridge.stop().await;

    let bridge = Bridge::start(Config { url, ..site.config() }, &site.channels);
    bridge.until_trouble("certificate").await;
    bridge.stop().await;
}
