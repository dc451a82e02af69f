//! `GET /analytics/errors`

use insta::assert_snapshot;
use model::Timestamp;
use serde_json::{Value, json};

use super::publish_without_conversation;
use crate::harness::App;
use crate::harness::events::{DAY_MS, ago, event};

const MINUTE_MS: i64 = 60_000;

fn at(at: Timestamp, error: &str) -> Value {
    event(json!({"timestamp": at.to_string(), "error": error}))
}

/// The first millisecond of a UTC day, some days ago.
fn midnight(days_ago: i64) -> Timestamp {
    let now = ago(0).millis();
    Timestamp::from_millis(now - now % DAY_MS - days_ago * DAY_MS).unwrap()
}

fn before(at: Timestamp) -> Timestamp {
    Timestamp::from_millis(at.millis() - 1).unwrap()
}

fn date(at: Timestamp) -> String {
    at.to_string()[..10].to_owned()
}

#[tokio::test]
async fn errors_are_counted_by_utc_day_oldest_first() {
    let app = App::start().await;
    let (two_days_ago, five_days_ago) = (midnight(2), midnight(5));
    app.create_all(&[
        at(two_days_ago, "timeout"),
        at(two_days_ago, ""),
        at(two_days_ago, "other"),
        at(before(two_days_ago), "timeout"),
        at(five_days_ago, ""),
        event(json!({"event_name": "event_b", "error": "timeout"})),
    ])
    .await;

    let answer = app.get("/analytics/errors?event_name=event_a&days=7").await;
    let text = answer.shown();
    let text = text
        .replace(&date(two_days_ago), "[2 days ago]")
        .replace(&date(before(two_days_ago)), "[3 days ago]");
    assert_snapshot!(text.replace(&date(five_days_ago), "[5 days ago]"), @r#"200 {"success":true,"data":[{"date":"[5 days ago]","event_name":"event_a","error_count":0,"total_count":1},{"date":"[3 days ago]","event_name":"event_a","error_count":1,"total_count":1},{"date":"[2 days ago]","event_name":"event_a","error_count":2,"total_count":3}],"meta":{"from":"[from]","to":"[to]","timezone":"UTC","complete_until":"[complete_until]","rolled_hours":[rolled_hours],"live_hours":[live_hours]},"request_id":"test"}"#);
}

#[tokio::test]
async fn a_day_is_twenty_four_hours_and_seven_are_the_default() {
    let app = App::start().await;
    let total = async |query: &str| {
        let days = app.get(&format!("/analytics/errors?event_name=event_a{query}")).await.data();
        days.as_array().unwrap().iter().map(|day| day["total_count"].as_u64().unwrap()).sum::<u64>()
    };
    for days in [1, 3, 7, 30] {
        app.create_all(&[at(ago(days * DAY_MS - MINUTE_MS), "x"), at(ago(days * DAY_MS + MINUTE_MS), "x")])
            .await;
    }
    app.create(&at(ago(-DAY_MS / 2), "x")).await;
    for (query, expected) in
        [("&days=1", 1), ("&days=3", 3), ("&days=7", 5), ("", 5), ("&days=30", 7), ("&days=3650", 8)]
    {
        assert_eq!(total(query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn any_name_can_be_asked_for_and_an_unknown_one_has_no_days() {
    let app = App::start().await;
    let name = "Order Completed / ü";
    publish_without_conversation(&app, name).await;
    let found = app.get("/analytics/errors?event_name=Order+Completed+%2F+%C3%BC").await.data();
    assert_eq!(
        found,
        json!([{"date": date(ago(0)), "event_name": name, "error_count": 1, "total_count": 1}])
    );
    assert_snapshot!(app.get("/analytics/errors?event_name=never").await.shown(), @r#"200 {"success":true,"data":[],"meta":{"from":"[from]","to":"[to]","timezone":"UTC","complete_until":"[complete_until]","rolled_hours":[rolled_hours],"live_hours":[live_hours]},"request_id":"test"}"#);
}

#[tokio::test]
async fn an_error_that_is_cleared_counts_no_more() {
    let app = App::start().await;
    let id = app.create(&event(json!({"error": "timeout"}))).await;
    let counts =
        async || app.get("/analytics/errors?event_name=event_a").await.data()[0]["error_count"].as_u64();
    assert_eq!(counts().await, Some(1));
    assert_eq!(app.put(&format!("/event/{id}?wait=true"), json!({"error": ""})).await.status, 200);
    assert_eq!(counts().await, Some(0));
}
