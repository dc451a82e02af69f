//! `GET /analytics/sessions/top-errors`

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::publish_without_conversation;
use crate::harness::App;
use crate::harness::events::{DAY_MS, ago, event};

/// So many good events and so many errors.
fn session(conversation: &str, good: usize, bad: usize) -> Vec<Value> {
    let one = |error: &str| event(json!({"conversation_id": conversation, "error": error}));
    [vec![one(""); good], vec![one("timeout"); bad]].concat()
}

#[tokio::test]
async fn the_highest_rate_comes_first_and_of_equal_ones_that_with_most_events() {
    let app = App::start().await;
    let sessions = [
        session("all bad", 0, 2),
        session("all bad, more", 0, 3),
        session("half", 2, 2),
        session("third", 2, 1),
        session("good", 4, 0),
    ];
    app.create_all(&sessions.concat()).await;
    publish_without_conversation(&app, "event_a").await;

    assert_snapshot!(app.get("/analytics/sessions/top-errors").await.shown(), @r#"200 {"success":true,"data":[{"conversation_id":"all bad, more","total_events":3,"error_events":3,"error_rate":1.0},{"conversation_id":"all bad","total_events":2,"error_events":2,"error_rate":1.0},{"conversation_id":"half","total_events":4,"error_events":2,"error_rate":0.5},{"conversation_id":"third","total_events":3,"error_events":1,"error_rate":0.3333333333333333},{"conversation_id":"good","total_events":4,"error_events":0,"error_rate":0.0}],"meta":{"from":"[from]","to":"[to]","timezone":"UTC","complete_until":"[complete_until]"},"request_id":"test"}"#);
    let names = async |query: &str| {
        let found = app.get(&format!("/analytics/sessions/top-errors{query}")).await.data();
        let names = found
            .as_array()
            .unwrap()
            .iter()
            .map(|session| session["conversation_id"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names("?limit=1").await, ["all bad, more"]);
    assert_eq!(names("?min_events=3").await, ["all bad, more", "half", "third", "good"]);
    assert_eq!(names("?min_events=4&limit=1").await, ["half"]);
    assert_eq!(names("?min_events=5").await, [] as [&str; 0]);
}

#[tokio::test]
async fn the_window_is_everything_unless_days_are_given() {
    let app = App::start().await;
    let old = |days: i64, error: &str| {
        event(json!({"error": error, "timestamp": ago(days * DAY_MS + 60_000).to_string()}))
    };
    app.create_all(&[old(0, ""), old(1, "x"), old(400, "x"), old(400, "x")]).await;
    for (query, total, errors, rate) in [("", 4, 3, 0.75), ("?days=2", 2, 1, 0.5), ("?days=1", 1, 0, 0.0)] {
        let found = app.get(&format!("/analytics/sessions/top-errors{query}")).await.data();
        let expected = json!({"conversation_id": "c-1", "total_events": total, "error_events": errors, "error_rate": rate});
        assert_eq!(found, json!([expected]), "{query}");
    }
}

#[tokio::test]
async fn without_conversations_the_list_is_empty() {
    let app = App::start().await;
    assert_snapshot!(app.get("/analytics/sessions/top-errors").await.shown(), @r#"200 {"success":true,"data":[],"meta":{"from":"[from]","to":"[to]","timezone":"UTC","complete_until":"[complete_until]"},"request_id":"test"}"#);
}
