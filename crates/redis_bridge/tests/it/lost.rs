//! Connections that end or fall silent.

use std::time::{Duration, Instant};

use redis_bridge::{Address, Config};
use testing::proxy::{Mode, Proxy};
use testing::wait::until;

use crate::site::{Bridge, PATIENCE, Site, add, envelope, pending, publish};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_is_noticed_and_the_subscription_made_again() {
    let site = Site::new().await;
    let proxy = Proxy::start(site.redis.port()).await.unwrap();
    let url = Some(Address::new(format!("redis://127.0.0.1:{}", proxy.port())));
    let bridge = Bridge::ready(Config { url, ..site.config() }, &site.channels).await;
    let mut connection = site.connection().await;
    publish(&mut connection, "events:a", &envelope("e-1")).await;
    site.until_events(1).await;
    let before = bridge.number("redis_unsubscribed_seconds_total");
    assert_eq!(bridge.count("redis_reconnects_total"), "0");

    proxy.set(Mode::Hang);
    bridge.until_trouble("subscription: no answer for 1000 ms").await;
    // Connecting anew gets no answer either.
    until("time passes unsubscribed", PATIENCE, async || {
        bridge.number("redis_unsubscribed_seconds_total") > before + 1.0
    })
    .await;
    assert!(!bridge.status.troubles().is_empty());

    proxy.set(Mode::Pass);
    bridge.until_ready().await;
    assert_eq!(bridge.count("redis_reconnects_total"), "1");
    publish(&mut connection, "events:a", &envelope("e-2")).await;
    until("the new event is there", PATIENCE, async || site.ids().await.len() == 2).await;
    bridge.stop().await;
}

/// Without settings that are for tests.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silence_is_noticed_within_40_seconds() {
    let site = Site::new().await;
    let proxy = Proxy::start(site.redis.port()).await.unwrap();
    let url = Some(Address::new(format!("redis://127.0.0.1:{}", proxy.port())));
    let config = Config { url, streams: "orders".into(), ..Config::default() };
    let bridge = Bridge::ready(config, &site.channels).await;
    proxy.set(Mode::Hang);
    let cut = Instant::now();
    bridge.until_trouble("subscription: no answer for 30000 ms").await;
    bridge.until_trouble("streams").await;
    assert!(cut.elapsed() < Duration::from_secs(40), "{:?}", cut.elapsed());
    proxy.set(Mode::Pass);
    bridge.until_ready().await;
    assert_eq!(bridge.count("redis_reconnects_total"), "2");
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_fall_silent_are_read_on_without_a_loss() {
    let site = Site::new().await;
    let proxy = Proxy::start(site.redis.port()).await.unwrap();
    let url = Some(Address::new(format!("redis://127.0.0.1:{}", proxy.port())));
    let config = Config { url, patterns: "none".into(), streams: "orders".into(), ..site.config() };
    let bridge = Bridge::ready(config, &site.channels).await;
    let mut connection = site.connection().await;
    add(&mut connection, "orders", &[("event", &envelope("e-1"))]).await;
    site.until_events(1).await;

    proxy.set(Mode::Hang);
    bridge.until_trouble("streams").await;
    add(&mut connection, "orders", &[("event", &envelope("e-2"))]).await;
    proxy.set(Mode::Pass);
    bridge.until_ready().await;
    assert_eq!(bridge.count("redis_reconnects_total"), "1");
    until("the new event is there", PATIENCE, async || site.ids().await.len() == 2).await;
    until("all is acknowledged", PATIENCE, async || pending(&mut connection, "orders").await == 0).await;
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_goes_and_comes_is_subscribed_to_again() {
    let mut site = Site::new().await;
    let bridge = Bridge::ready(site.config(), &site.channels).await;
    for round in 1..=3 {
        site.redis.kill_9();
        bridge.until_not_ready().await;
        site.redis.restart();
        bridge.until_ready().await;
        let mut connection = site.connection().await;
        publish(&mut connection, "events:a", &envelope(&format!("e-{round}"))).await;
        site.until_events(round).await;
        assert_eq!(bridge.count("redis_reconnects_total"), round.to_string());
    }
    bridge.stop().await;
}
