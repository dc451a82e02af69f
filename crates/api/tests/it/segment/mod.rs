//! Segment's dialect, as its clients see it.

mod answers;
mod debug;
mod keys;
mod pages;
mod recordings;
mod settings;

use serde_json::{Value, json};
use testing::wait::until;

use crate::harness::{Answer, App, PATIENCE, Part, Setup};

/// Takes writes and does nothing with them.
async fn writes_only(api: api::Config) -> App {
    App::with(Setup { api, without: &[Part::Consumer, Part::ClickHouse], ..Setup::default() }).await
}

fn track() -> Value {
    json!({"userId": "u-1", "event": "Order Completed", "messageId": "m-1", "timestamp": "2026-11-20T21:57:13.123Z"})
}

impl App {
    async fn batch(&self, items: Value) -> Answer {
        self.post("/v1/batch", json!({ "batch": items })).await
    }

    /// Returns once the table answers this.
    async fn sees(&self, query: &str, expected: &str) {
        until(query, PATIENCE, async || self.sql(query).await == expected).await;
    }
}

/// What an answer lists as refused, an event a line.
fn rejected(answer: &Answer) -> String {
    let list = answer.json()["rejected"].take();
    list.as_array().unwrap().iter().map(|item| format!("{item}\n")).collect()
}

/// An answer to a client that looks at status, `Retry-After` and a few fields, each in its own way.
fn is_refusal(answer: &Answer, status: u16, code: &str) {
    let json = answer.json();
    assert_eq!((answer.status.as_u16(), json["code"].as_str()), (status, Some(code)), "{}", answer.text);
    assert_eq!(json["success"], false);
    assert_eq!(json["message"], json["error"]);
    assert!(json["message"].is_string() && json["request_id"].is_string());
}
