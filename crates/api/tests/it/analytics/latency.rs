//! `GET /analytics/latency`

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::publish_without_conversation;
use crate::harness::App;
use crate::harness::events::{DAY_MS, ago, event};

fn took(conversation: &str, latency: f64) -> Value {
    event(json!({"conversation_id": conversation, "latency": latency}))
}

#[tokio::test]
async fn the_slowest_come_first_and_what_was_not_measured_counts_but_does_not_weigh() {
    let app = App::start().await;
    let mut events: Vec<_> = (1..=100).map(|millis| took("hundred", f64::from(millis))).collect();
    events.extend(vec![took("hundred", 0.0); 100]);
    events.extend([
        took("slow", 2_500.5),
        took("unmeasured", 0.0),
        took("unmeasured", 0.0),
        took("fast", 0.25),
    ]);
    events.push(event(json!({"conversation_id": "slow", "event_name": "event_b", "latency": 7})));
    app.create_all(&events).await;
    publish_without_conversation(&app, "event_a").await;

    assert_snapshot!(app.get("/analytics/latency").await.shown(), @r#"200 {"success":true,"data":[{"conversation_id":"slow","event_name":"event_a","p95_latency":2500.5,"event_count":1},{"conversation_id":"hundred","event_name":"event_a","p95_latency":96.0,"event_count":200},{"conversation_id":"slow","event_name":"event_b","p95_latency":7.0,"event_count":1},{"conversation_id":"fast","event_name":"event_a","p95_latency":0.25,"event_count":1},{"conversation_id":"unmeasured","event_name":"event_a","p95_latency":0.0,"event_count":2}],"meta":{"from":"[from]","to":"[to]","timezone":"UTC","complete_until":"[complete_until]"},"request_id":"test"}"#);
    let two = app.get("/analytics/latency?limit=2").await.data();
    assert_eq!(two.as_array().unwrap().len(), 2);
    assert_eq!((&two[0]["conversation_id"], &two[1]["conversation_id"]), (&json!("slow"), &json!("hundred")));
}

#[tokio::test]
async fn the_window_is_everything_unless_days_are_given() {
    let app = App::start().await;
    let old =
        |days: i64| event(json!({"latency": days, "timestamp": ago(days * DAY_MS + 60_000).to_string()}));
    app.create_all(&[old(0), old(1), old(400)]).await;
    for (query, p95, count) in
        [("", 400.0, 3), ("?days=2", 1.0, 2), ("?days=1", 0.0, 1), ("?days=3650", 400.0, 3)]
    {
        let found = app.get(&format!("/analytics/latency{query}")).await.data();
        assert_eq!(
            (&found[0]["p95_latency"], &found[0]["event_count"]),
            (&json!(p95), &json!(count)),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_hundred_conversations_are_the_default_limit() {
    let app = App::start().await;
    assert_snapshot!(app.get("/analytics/latency").await.shown(), @r#"200 {"success":true,"data":[],"meta":{"from":"[from]","to":"[to]","timezone":"UTC","complete_until":"[complete_until]"},"request_id":"test"}"#);
    let events: Vec<_> = (1..=130).map(|number| took(&format!("c-{number}"), f64::from(number))).collect();
    app.create_all(&events).await;
    let count = async |query: &str| {
        app.get(&format!("/analytics/latency{query}")).await.data().as_array().unwrap().len()
    };
    assert_eq!((count("").await, count("?limit=120").await, count("?limit=10000").await), (100, 120, 130));
}
