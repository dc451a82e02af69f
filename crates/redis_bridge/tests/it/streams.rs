//! What is added to streams.

use redis_bridge::Config;
use testing::redis::Server;
use testing::wait::until;

use crate::site::{Bridge, PATIENCE, Site, add, envelope, pending};

fn streams(site: &Site) -> Config {
    Config { patterns: "none".into(), streams: "orders,users".into(), ..site.config() }
}

async fn until_acknowledged(site: &Site, stream: &str) {
    let mut connection = site.connection().await;
    until("all is acknowledged", PATIENCE, async || pending(&mut connection, stream).await == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_become_events_in_every_form_and_are_acknowledged() {
    let site = Site::new().await;
    let mut connection = site.connection().await;
    // Before there is a group.
    add(&mut connection, "orders", &[("x", "y"), ("event", &envelope("e-1"))]).await;
    let bridge = Bridge::ready(streams(&site), &site.channels).await;
    add(&mut connection, "orders", &[("payload", &envelope("e-2"))]).await;
    let members = [
        ("event_id", "e-3"),
        ("event_type", "UserCreated"),
        ("timestamp", "2026-11-20T09:30:00Z"),
        ("data", r#"{"plan":"free"}"#),
        ("metadata", r#"{"session_id":"s"}"#),
    ];
    add(&mut connection, "users", &members).await;
    add(&mut connection, "users", &[("event", "no event")]).await;
    let mut events = site.until_events(3).await;
    events.sort_by(|one, other| one.content.message_id.cmp(&other.content.message_id));
    let shown = events.iter().map(|event| {
        let content = &event.content;
        let texts = [&content.message_id, &content.event_name, &content.conversation_id];
        format!("{} {}", texts.map(ToString::to_string).join(" "), content.properties.as_str())
    });
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            r#"e-1 order.created s-1 {"total":"64.32"}"#,
            r#"e-2 order.created s-1 {"total":"64.32"}"#,
            r#"e-3 user.created s {"plan":"free"}"#
        ]
    );
    let origin = site.until_letters(1).await[0].origin.clone().unwrap();
    assert!(origin.channel == "users" && origin.entry.as_ref().unwrap().contains('-'), "{origin:?}");
    for stream in ["orders", "users"] {
        until_acknowledged(&site, stream).await;
    }
    bridge.stop().await;
}

/// Two groups read each entry once each, as one group does whose bridge dies before it acknowledges.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_without_a_time_is_one_event_however_often_it_is_delivered() {
    let site = Site::new().await;
    let mut connection = site.connection().await;
    let undated = [r#"{"event_id":"e-1","event_type":"a.b"}"#, r#"{"event_type":"a.b"}"#];
    for message in undated {
        add(&mut connection, "orders", &[("event", message)]).await;
    }
    for (group, events) in [("one", 2), ("other", 4)] {
        let config = Config { group: group.into(), ..streams(&site) };
        let bridge = Bridge::ready(config, &site.channels).await;
        site.until_events(events).await;
        bridge.stop().await;
    }
    assert_eq!(site.ids().await.len(), undated.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_member_left_pending_is_claimed() {
    let site = Site::new().await;
    let mut connection = site.connection().await;
    let mut create = redis::cmd("XGROUP");
    create.arg("CREATE").arg("orders").arg("millrace").arg("0").arg("MKSTREAM");
    create.exec_async(&mut connection).await.unwrap();
    for number in 0..5 {
        add(&mut connection, "orders", &[("event", &envelope(&format!("e-{number}")))]).await;
    }
    let mut read = redis::cmd("XREADGROUP");
    read.arg("GROUP").arg("millrace").arg("dead").arg("STREAMS").arg("orders").arg(">");
    read.exec_async(&mut connection).await.unwrap();
    assert_eq!(pending(&mut connection, "orders").await, 5);

    let bridge = Bridge::ready(streams(&site), &site.channels).await;
    assert_eq!(site.until_events(5).await.len(), 5);
    until_acknowledged(&site, "orders").await;
    assert_eq!(bridge.count("redis_claimed_entries_total"), "5");
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_trimmed_before_it_was_acknowledged_is_counted() {
    let site = Site::new().await;
    let mut connection = site.connection().await;
    let mut create = redis::cmd("XGROUP");
    create.arg("CREATE").arg("orders").arg("millrace").arg("0").arg("MKSTREAM");
    create.exec_async(&mut connection).await.unwrap();
    for number in 0..3 {
        add(&mut connection, "orders", &[("event", &envelope(&format!("e-{number}")))]).await;
    }
    let mut read = redis::cmd("XREADGROUP");
    read.arg("GROUP").arg("millrace").arg("dead").arg("STREAMS").arg("orders").arg(">");
    read.exec_async(&mut connection).await.unwrap();
    let mut trim = redis::cmd("XTRIM");
    trim.arg("orders").arg("MAXLEN").arg(1).exec_async(&mut connection).await.unwrap();

    let bridge = Bridge::ready(streams(&site), &site.channels).await;
    assert_eq!(site.until_events(1).await.len(), 1);
    until_acknowledged(&site, "orders").await;
    assert_eq!(bridge.count("redis_removed_entries_total"), "2");
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bridge_that_dies_and_a_redis_that_restarts_lose_nothing() {
    const EACH: usize = 1_000;
    let mut site = Site::with(Server::start_durable()).await;
    let mut bridge = Bridge::ready(streams(&site), &site.channels).await;
    for round in 0..3 {
        let mut connection = site.connection().await;
        for number in 0..EACH {
            add(&mut connection, "orders", &[("event", &envelope(&format!("{round}-{number}")))]).await;
        }
        if round == 1 {
            site.redis.kill_9();
            bridge.until_not_ready().await;
            site.redis.restart();
        } else {
            bridge.crash().await;
            bridge = Bridge::start(streams(&site), &site.channels);
        }
    }
    until("every event is on the topic", PATIENCE, async || site.ids().await.len() == 3 * EACH).await;
    until_acknowledged(&site, "orders").await;
    bridge.stop().await;
}
