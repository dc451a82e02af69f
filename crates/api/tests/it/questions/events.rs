//! `GET /events`: the list behind a number.

use serde_json::{Value, json};

use crate::harness::App;
use crate::harness::events::{DAY_MS, ago, event, id_at};

fn encoded(filters: &Value) -> String {
    form_urlencoded::byte_serialize(filters.to_string().as_bytes()).collect()
}

fn inputs(answer: &Value) -> Vec<&str> {
    answer["data"].as_array().unwrap().iter().map(|event| event["input"].as_str().unwrap()).collect()
}

impl App {
    async fn list(&self, query: &str) -> Value {
        let answer = self.get(&format!("/events?{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text);
        answer.json()
    }
}

#[tokio::test]
async fn the_newest_come_first_page_by_page_and_only_those_that_are_asked_for() {
    let app = App::start().await;
    let events: Vec<_> = (0..5)
        .map(|n| {
            let id = id_at(ago(60_000 * (10 - n)));
            event(
                json!({"id": id, "input": format!("n{n}"), "error": if n % 2 == 0 { "timeout" } else { "" }}),
            )
        })
        .collect();
    app.create_all(&events).await;
    app.tenant("globex").create(&event(json!({"input": "of others"}))).await;
    app.create(&event(json!({"id": id_at(ago(8 * DAY_MS)), "input": "old"}))).await;

    assert_eq!(inputs(&app.list("").await), ["n4", "n3", "n2", "n1", "n0"]);
    assert_eq!(inputs(&app.list("days=9").await), ["n4", "n3", "n2", "n1", "n0", "old"]);
    let errors = encoded(&json!([{"field": "error", "op": "set"}]));
    let first = app.list(&format!("limit=2&filters={errors}")).await;
    assert_eq!(inputs(&first), ["n4", "n2"]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = app.list(&format!("limit=2&filters={errors}&cursor={cursor}")).await;
    assert_eq!((inputs(&second), second.get("next_cursor")), (vec!["n0"], None));
    // The times are those of the first page, as is now.
    assert_eq!(
        (&second["meta"]["from"], &second["meta"]["to"]),
        (&first["meta"]["from"], &first["meta"]["to"])
    );
}

#[tokio::test]
async fn the_slowest_are_those_that_were_measured() {
    let app = App::start().await;
    let events: Vec<_> = [0.0, 3.5, 120.25, 3.5]
        .iter()
        .map(|latency| event(json!({"latency": latency, "input": latency.to_string()})))
        .collect();
    app.create_all(&events).await;
    let first = app.list("order=slowest&limit=2").await;
    assert_eq!(inputs(&first), ["120.25", "3.5"]);
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(inputs(&app.list(&format!("order=slowest&limit=2&cursor={cursor}")).await), ["3.5"]);
    let other = app.get(&format!("/events?cursor={cursor}")).await;
    other.refuses(400, "invalid_field", "cursor is of a list in another order");
}

#[tokio::test]
async fn an_event_of_a_list_is_short_unless_all_of_it_is_asked_for() {
    let app = App::start().await;
    let sent = json!({
        "input": "ü".repeat(201), "output": "ü".repeat(200), "error": "timeout", "latency": 1.5, "user_id": "ada",
        "tags": ["a"], "properties": {"price": 1.0}, "conversation_metadata": "x".repeat(300),
    });
    let id = app.create(&event(sent.clone())).await;
    let mut short = app.list("").await["data"][0].take();
    let times = ["created_at", "updated_at"].map(|name| short[name].take());
    assert!(times.iter().all(Value::is_string), "{times:?}");
    assert_eq!(
        short,
        json!({
            "id": id, "message_id": "", "source": "native", "kind": "event", "event_name": "event_a",
            "conversation_id": "c-1", "conversation_metadata": "x".repeat(200), "user_id": "ada", "anonymous_id": "",
            "error": "timeout", "latency": 1.5, "input": "ü".repeat(200), "output": "ü".repeat(200), "tags": ["a"],
            "created_at": null, "updated_at": null, "truncated": ["conversation_metadata", "input"],
        })
    );
    let whole = app.list("full=true").await["data"][0].take();
    for field in ["input", "output", "properties", "conversation_metadata"] {
        assert_eq!(whole[field], sent[field], "{field}");
    }
    assert_eq!((&whole["context"], whole.get("truncated")), (&json!({}), None));
}

#[tokio::test]
async fn what_can_not_be_meant_is_named() {
    let app = App::start().await;
    for (query, words) in [
        ("order=fast", "order must be newest or slowest"),
        ("limit=1001", "limit must be a positive integer of at most 1000"),
        ("full=maybe", "full must be true or false"),
        ("cursor=x", "cursor must be the next_cursor of an earlier answer"),
        ("filters=x", "filters: must be a JSON list of filters: "),
        (
            "filters=%5B%7B%22field%22%3A%22evil%22%2C%22op%22%3A%22set%22%7D%5D",
            "filters: unknown field \"evil\"",
        ),
        ("timezone=Mars", "timezone must be"),
    ] {
        let answer = app.get(&format!("/events?{query}")).await;
        let error = answer.json()["error"].take();
        assert_eq!(answer.status, 400, "{query}");
        assert!(error.as_str().unwrap().starts_with(words), "{query}: {error}");
    }
}
