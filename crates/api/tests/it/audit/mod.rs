//! `GET /audit/subjects/{subject}` and `GET /audit/traces/{trace_id}`.

mod digest;
mod export;
mod history;
mod pages;
mod trail;

use serde_json::{Value, json};

use crate::event_service::message;
use crate::harness::{App, Caller};

/// A message about `plate-1` of this second of a minute, with these members besides or instead.
fn at(second: usize, members: Value) -> Value {
    let mut own = json!({
        "EventId": format!("e-{second}"), "Subjects": ["plate-1"], "SourceTraceIds": ["run-1"], "ActorId": "ada",
        "CreatedDateUtc": format!("2026-11-20T10:{:02}:{:02}.1234567", second / 60, second % 60)
    });
    own.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    message(own)
}

impl App {
    /// Takes them in; they are visible when this returns.
    async fn keep(&self, messages: &[Value]) {
        let answer = self.message(&Value::from(messages)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert!(!answer.text.contains("\"error\""), "{}", answer.text);
        self.settled().await;
    }
}

/// What is found; `rest` is the path behind `/audit/`.
async fn page(app: &Caller, rest: &str) -> Value {
    let answer = app.get(&format!("/audit/{rest}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// The records of a page.
async fn records(app: &Caller, rest: &str) -> Vec<Value> {
    page(app, rest).await["data"].as_array().unwrap().clone()
}

/// The ids that the clients gave the events of records that are live.
fn event_ids(records: &[Value]) -> Vec<&str> {
    records.iter().map(|record| record["event"]["eventId"].as_str().unwrap_or_default()).collect()
}

/// An answer in another format.
async fn export(app: &Caller, rest: &str) -> String {
    let answer = app.get(&format!("/audit/{rest}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.text
}
