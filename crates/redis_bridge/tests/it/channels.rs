//! What is published on channels.

use std::collections::HashSet;

use redis_bridge::Config;

use crate::site::{Bridge, Site, envelope, publish};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_becomes_the_event_that_it_tells_of() {
    let site = Site::new().await;
    let bridge = Bridge::ready(site.config(), &site.channels).await;
    let mut connection = site.connection().await;
    let domain = r#"{"id":"e-2","event_type":"UserCreated","occurred_at":"2026-11-20T09:30:00Z"}"#;
    assert_eq!(publish(&mut connection, "events:order:created", &envelope("e-1")).await, 1);
    assert_eq!(publish(&mut connection, "events.user.UserCreated", domain).await, 1);
    assert_eq!(publish(&mut connection, "other", &envelope("e-3")).await, 0);
    let mut events = site.until_events(2).await;
    events.sort_by(|one, other| one.content.message_id.cmp(&other.content.message_id));
    let shown = events.iter().map(|event| {
        let content = &event.content;
        let texts = [&content.message_id, &content.event_name, &content.user_id, &content.conversation_id];
        let texts = texts.map(ToString::to_string).join(" ");
        format!("{} {} {texts} {}", event.tenant, event.source.as_str(), content.properties.as_str())
    });
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [r#"acme redis e-1 order.created ada s-1 {"total":"64.32"}"#, "default redis e-2 user.created   "]
    );
    assert_eq!(bridge.count(r#"redis_messages_total{fate="produced"}"#), "2");
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_event_is_a_dead_letter_with_its_channel_and_reason() {
    let site = Site::new().await;
    let config = Config { tenants: "acme".into(), ..site.config() };
    let bridge = Bridge::ready(config, &site.channels).await;
    let mut connection = site.connection().await;
    let large = envelope("e-3").replace("64.32", &"9".repeat(3 << 20));
    publish(&mut connection, "events:a", "hello").await;
    publish(&mut connection, "events:b", &envelope("e-1").replace("acme", "other")).await;
    publish(&mut connection, "events:c", &large).await;
    publish(&mut connection, "events:d", &envelope("e-2")).await;
    let mut letters = site.until_letters(3).await;
    site.until_events(1).await;
    letters.sort_by_key(|letter| letter.origin.clone().unwrap().channel);
    let shown = letters.iter().map(|letter| {
        let channel = &letter.origin.as_ref().unwrap().channel;
        format!("{channel} {} {}", letter.reason, letter.truncated)
    });
    assert_eq!(
        shown.collect::<Vec<_>>(),
        ["events:a undecodable false", "events:b tenant_not_allowed false", "events:c too_large true"]
    );
    assert!(letters[1].error.contains("other"), "{}", letters[1].error);
    let kept = dead_letters::show(&site.channels, letters[0].id).await.unwrap().unwrap().letter;
    assert_eq!(kept.value, b"hello");
    bridge.stop().await;
}

/// Two bridges get each message twice each.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_bridges_and_overlapping_patterns_give_one_event() {
    let site = Site::new().await;
    let config = Config { patterns: "events:*,events:order:*".into(), ..site.config() };
    let first = Bridge::ready(config.clone(), &site.channels).await;
    let second = Bridge::ready(config, &site.channels).await;
    let mut connection = site.connection().await;
    let without_id = r#"{"event_type":"a.b","timestamp":"2026-11-20T09:30:00Z","data":{"n":1}}"#;
    for _ in 0..2 {
        publish(&mut connection, "events:order:created", without_id).await;
    }
    for number in 0..100 {
        let message = envelope(&format!("e-{number}"));
        assert_eq!(publish(&mut connection, "events:order:created", &message).await, 4);
    }
    let events = site.until_events(4 * 102).await;
    let distinct: HashSet<_> = events.iter().map(model::Event::key).collect();
    assert_eq!((events.len(), distinct.len()), (4 * 102, 101));
    first.stop().await;
    second.stop().await;
}
