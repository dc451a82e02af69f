//! The EventService API, as laboratory software sees it.

mod publish;
mod query;
mod query_pages;
mod query_streams;
mod server_time;

use serde_json::{Value, json};

use crate::harness::{Answer, App};

const PUBLISH: &str = "/api/v2.0/EventService";
const QUERY: &str = "/api/v2.0/QueryService/Events";

/// A message that is good but for these members.
pub(crate) fn message(members: Value) -> Value {
    let mut message =
        json!({"EventId": "e-1", "Topic": "plate.moved", "CreatedDateUtc": "2026-11-20T21:57:13.1234567"});
    message.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    message
}

/// An answer that says in words what is the matter.
fn is_refusal(answer: &Answer, status: u16, code: &str) {
    let json = answer.json();
    assert_eq!((answer.status.as_u16(), json["code"].as_str()), (status, Some(code)), "{}", answer.text);
    assert_eq!(json["success"], false);
    assert!(json["message"].is_string() && json["request_id"].is_string());
}

impl App {
    pub(crate) async fn message(&self, messages: &Value) -> Answer {
        self.post(PUBLISH, messages).await
    }
}
