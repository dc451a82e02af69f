//! Pages that are sent while they are read.

use reqwest::Method;
use serde_json::{Value, json};
use testing::wait::until;

use super::{QUERY, is_refusal, message};
use crate::harness::{App, PATIENCE, Setup};

/// Messages of so many bytes each, oldest first.
async fn publish(app: &App, count: usize, bytes: usize) {
    let one = |number: usize| {
        message(json!({
            "EventId": number.to_string(), "Data": "x".repeat(bytes),
            "CreatedDateUtc": format!("2026-11-20T10:{:02}:{:02}", number / 60, number % 60),
        }))
    };
    let messages: Vec<Value> = (0..count).map(one).collect();
    for messages in messages.chunks(100) {
        assert_eq!(app.message(&json!(messages)).await.status, 200);
    }
    app.settled().await;
}

/// Makes the oldest event one that can't be read.
async fn spoil_the_oldest(app: &App) {
    let oldest = "SELECT id FROM events ORDER BY created_at LIMIT 1";
    app.sql(&format!(
        "ALTER TABLE events UPDATE context = unhex('ff') WHERE id IN ({oldest}) SETTINGS mutations_sync = 1"
    ))
    .await;
}

#[tokio::test]
async fn a_page_that_breaks_off_cannot_be_taken_for_a_whole_one() {
    let app = App::start().await;
    publish(&app, 20, 10_000).await;
    spoil_the_oldest(&app).await;
    for encoding in ["", "gzip"] {
        let asked = app.request(Method::POST, QUERY).header("accept-encoding", encoding).body("{}");
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers().contains_key("content-encoding"), !encoding.is_empty());
        assert!(answer.bytes().await.is_err(), "{encoding}");
    }
    let whole = app.post(&format!("{QUERY}?limit=19"), "{}").await;
    assert_eq!((whole.status.as_u16(), whole.json().as_array().unwrap().len()), (200, 19));
}

#[tokio::test]
async fn a_page_that_fails_before_it_begins_says_so() {
    let app = App::start().await;
    publish(&app, 20, 10).await;
    spoil_the_oldest(&app).await;
    is_refusal(&app.post(QUERY, "{}").await, 500, "foreign_row");
    is_refusal(&app.post(&format!("{QUERY}?offset=19"), "{}").await, 500, "foreign_row");
}

#[tokio::test]
async fn a_page_that_is_not_read_takes_up_room_until_it_is() {
    let api = api::Config { max_streams: 1, ..api::Config::default() };
    let app = App::with(Setup { api, ..Setup::default() }).await;
    // More than a connection holds on its way.
    publish(&app, 300, 50_000).await;
    let answer =
        app.request(Method::POST, QUERY).query(&[("limit", "1000")]).body("{}").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let none = r#"{"Topic":"none"}"#;
    let refused = app.post(QUERY, none).await;
    is_refusal(&refused, 503, "unavailable");
    refused.invites_a_retry();
    let found: Vec<Value> = answer.json().await.unwrap();
    let ids: Vec<_> = found.iter().map(|event| event["eventId"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, (0..300).rev().map(|number| number.to_string()).collect::<Vec<_>>());
    assert!(found.iter().all(|event| event["data"].as_str().unwrap().len() == 50_000));
    until("there is room again", PATIENCE, async || app.post(QUERY, none).await.status == 204).await;
}
