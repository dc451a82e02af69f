//! `/paths`

use serde_json::{Value, json};

use crate::harness::App;
use crate::harness::events::event;

/// An event of a conversation at that hour.
fn said(conversation: &str, name: &str, hour: u32) -> Value {
    let at = format!("2026-11-20T{hour:02}:00:00Z");
    event(json!({"conversation_id": conversation, "event_name": name, "timestamp": at}))
}

fn question(fields: Value) -> Value {
    let start = json!({"filters": [{"field": "event_name", "op": "is", "values": ["event_a"]}]});
    let mut question = json!({"start": start, "from": "2026-11-20", "to": "2026-11-21"});
    question.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    question
}

#[tokio::test]
async fn sessions_are_told_by_what_comes_after_their_start() {
    let app = App::start().await;
    app.create_all(&[
        said("c-1", "event_b", 0),
        said("c-1", "event_a", 1),
        said("c-1", "event_a", 2),
        said("c-1", "event_b", 3),
        said("c-2", "event_a", 4),
        said("c-3", "event_b", 5),
    ])
    .await;
    let answer = app.post("/paths", question(json!({"steps": 1}))).await;
    let expected = json!({
        "sessions": 2,
        "nodes": [
            {"step": 0, "name": "event_a", "role": "value", "sessions": 2, "drop_off": 1},
            {"step": 1, "name": "event_b", "role": "value", "sessions": 1, "drop_off": null},
        ],
        "links": [{"step": 0, "from": "event_a", "to": "event_b", "sessions": 1}],
    });
    assert_eq!(answer.data(), expected, "{}", answer.text);
    assert_eq!(answer.json()["meta"]["from"], "2026-11-20T00:00:00.000Z");
}

#[tokio::test]
async fn paths_that_can_not_be_meant_are_refused_in_words_that_name_it() {
    let app = App::start().await;
    for (fields, words) in [
        (json!({"steps": 0}), "steps must be 1 to 10"),
        (json!({"top": 51}), "top must be 1 to 50"),
        (json!({"top": "five"}), "top: invalid type: string \"five\", expected usize"),
        (json!({"start": {}}), "start: missing field `filters`"),
    ] {
        app.post("/paths", question(fields)).await.refuses(400, "invalid_field", words);
    }
}
