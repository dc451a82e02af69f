//! `PUT /event/{id}`

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::events::{event, new_id};
use crate::harness::{Answer, App, Ask};

/// An event with something in every field.
fn full() -> Value {
    event(json!({
        "error": "timeout", "latency": 12.5, "input": "in", "output": "out", "input_embeddings": [1, 2],
        "output_embeddings": [3], "conversation_metadata": "meta", "user_id": "u-1", "tags": ["x"],
        "properties": {"a": 1},
    }))
}

/// The fields in which two events differ.
fn changes(before: &Value, after: &Value) -> Vec<String> {
    let fields = before.as_object().unwrap().iter();
    fields.filter(|(name, value)| after[name.as_str()] != **value).map(|(name, _)| name.clone()).collect()
}

/// A full event, before and after an update.
async fn update(app: &App, change: Value) -> (Value, Value) {
    let id = app.create(&full()).await;
    let before = app.event(&id).await;
    let answer = app.put(&format!("/event/{id}?wait=30s"), change).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    (before, app.event(&id).await)
}

#[tokio::test]
async fn any_field_can_be_changed_and_the_others_stay() {
    let app = App::start().await;
    for (field, value) in [
        ("event_name", json!("event_c")),
        ("error", json!("other")),
        ("latency", json!(0.5)),
        ("input", json!("new")),
        ("output", json!("new")),
        ("input_embeddings", json!([9.0])),
        ("output_embeddings", json!([9.0, 8.0])),
        ("conversation_metadata", json!("new")),
        ("user_id", json!("u-2")),
        ("tags", json!(["y", "z"])),
        ("properties", json!({"b": [2]})),
    ] {
        let (before, after) = update(&app, json!({ field: value })).await;
        assert_eq!(after[field], value);
        let mut changed = [field, "updated_at"];
        changed.sort_unstable();
        let mut found = changes(&before, &after);
        found.sort_unstable();
        assert_eq!(found, changed);
        assert!(after["updated_at"].as_str() > before["updated_at"].as_str());
    }
}

#[tokio::test]
async fn an_empty_object_changes_only_updated_at() {
    let app = App::start().await;
    let (before, after) = update(&app, json!({})).await;
    assert_eq!(changes(&before, &after), ["updated_at"]);
    assert!(after["updated_at"].as_str() > before["updated_at"].as_str());
}

#[tokio::test]
async fn an_empty_string_or_list_clears() {
    let app = App::start().await;
    let id = app.create(&full()).await;
    let cleared = json!({
        "error": "", "latency": 0, "input": "", "output": "", "input_embeddings": [], "output_embeddings": [],
        "conversation_metadata": "", "user_id": "", "tags": [], "properties": {},
    });
    assert_eq!(app.put(&format!("/event/{id}?wait=true"), cleared).await.status, 200);
    assert_snapshot!(app.get(&format!("/event/{id}")).await.shown(), @r#"200 {"success":true,"data":{"id":"[id]","conversation_id":"c-1","event_name":"event_a","error":"","latency":0.0,"input":"","output":"","input_embeddings":[],"output_embeddings":[],"conversation_metadata":"","user_id":"","tags":[],"properties":{},"created_at":"[created_at]","updated_at":"[updated_at]"},"request_id":"test"}"#);
}

#[tokio::test]
async fn null_is_as_if_absent() {
    let app = App::start().await;
    let (before, after) = update(
        &app,
        json!({
            "event_name": null, "error": null, "latency": null, "input": null, "output": null,
            "input_embeddings": null, "output_embeddings": null, "conversation_metadata": null, "user_id": null,
            "tags": null, "properties": null, "id": null, "timestamp": null, "conversation_id": null,
        }),
    )
    .await;
    assert_eq!(changes(&before, &after), ["updated_at"]);
}

#[tokio::test]
async fn an_id_a_timestamp_and_a_conversation_cannot_be_changed_and_are_ignored() {
    let app = App::start().await;
    let (before, after) = update(
        &app,
        json!({"id": new_id(), "timestamp": "2020-01-01T00:00:00Z", "conversation_id": "c-2", "created_at": 1, "colour": 7}),
    )
    .await;
    assert_eq!(changes(&before, &after), ["updated_at"]);
    let (before, after) =
        update(&app, json!({"id": "none", "timestamp": "never", "conversation_id": ""})).await;
    assert_eq!(changes(&before, &after), ["updated_at"]);
    assert_eq!(app.conversation("c-2").await, [] as [Value; 0]);
}

#[tokio::test]
async fn a_change_of_the_event_name_leaves_one_live_row() {
    let app = App::start().await;
    let (before, after) = update(&app, json!({"event_name": "event_b"})).await;
    assert_eq!((&before["event_name"], &after["event_name"]), (&json!("event_a"), &json!("event_b")));
    assert_eq!(
        app.sql("SELECT event_name, count() FROM events FINAL GROUP BY event_name").await,
        "event_b\t1"
    );
    assert_eq!(app.column("c-1", "event_name").await, ["event_b"]);
    let of = async |name: &str| app.get(&format!("/analytics/errors?event_name={name}")).await.data();
    assert_eq!(of("event_a").await, json!([]));
    assert_eq!(of("event_b").await[0]["total_count"], 1);
}

#[tokio::test]
async fn updates_of_one_event_are_done_in_the_order_of_their_answers() {
    let app = App::start().await;
    let id = app.post("/event", full()).await.id();
    for number in 0..50 {
        let change = json!({"output": number.to_string(), "tags": [format!("t-{number}")]});
        assert_eq!(app.put(&format!("/event/{id}"), change).await.status, 202);
    }
    app.settled().await;
    let event = app.event(&id).await;
    assert_eq!(
        (&event["output"], &event["tags"], &event["input"]),
        (&json!("49"), &json!(["t-49"]), &json!("in"))
    );
    assert_eq!(app.sql("SELECT count() FROM events FINAL").await, "1");
}

#[tokio::test]
async fn an_update_of_an_event_that_never_existed_is_taken_and_becomes_a_dead_letter() {
    let app = App::start().await;
    let id = new_id();
    assert_eq!(app.put(&format!("/event/{id}"), json!({"input": "x"})).await.status, 202);
    app.settled().await;
    assert_eq!(app.get("/pipeline").await.data()["dead_letters"], 1);
    app.get(&format!("/event/{id}")).await.refuses(404, "not_found", "event not found");
    // The event may still come.
    assert_eq!(app.create(&event(json!({"id": id, "input": "y"}))).await, id);
    assert_eq!(app.event(&id).await["input"], "y");
}

/// The same change, with a key.
async fn keyed(app: &App, id: &str, key: &str, change: Value) -> Answer {
    let url = format!("/event/{id}?wait=30s");
    app.request(Method::PUT, &url).header("idempotency-key", key).body(change.to_string()).ask().await
}

#[tokio::test]
async fn a_change_that_is_sent_again_with_its_key_does_not_undo_a_newer_one() {
    let app = App::start().await;
    let id = app.create(&full()).await;
    let first = keyed(&app, &id, "a", json!({"input": "1"})).await;
    assert_eq!(keyed(&app, &id, "b", json!({"input": "2"})).await.status, 200);
    let before = app.event(&id).await;
    let again = keyed(&app, &id, "a", json!({"input": "1"})).await;
    assert_eq!((again.status, again.json()["message"].as_str()), (first.status, Some("event updated")));
    assert_eq!(app.event(&id).await, before);

    // A change without a key is done each time, and forgets nothing.
    let plain = async |input: &str| app.put(&format!("/event/{id}?wait=30s"), json!({"input": input})).await;
    assert_eq!(
        (plain("3").await.status, plain("4").await.status),
        (200.try_into().unwrap(), 200.try_into().unwrap())
    );
    assert_eq!(keyed(&app, &id, "b", json!({"input": "2"})).await.status, 200);
    assert_eq!(app.event(&id).await["input"], "4");

    // Behind eight others it is a new one.
    for n in 0..8 {
        keyed(&app, &id, &format!("other {n}"), json!({"output": "o"})).await;
    }
    assert_eq!(keyed(&app, &id, "a", json!({"input": "1"})).await.status, 200);
    assert_eq!(app.event(&id).await["input"], "1");
}

#[tokio::test]
async fn a_key_of_a_change_is_checked_and_one_of_another_write_does_no_harm() {
    let app = App::start().await;
    let id = app.create(&full()).await;
    let refusal = "Idempotency-Key must be one of 1 to 255 printable ASCII characters";
    for key in ["", &"k".repeat(256)] {
        keyed(&app, &id, key, json!({})).await.refuses(400, "invalid_field", refusal);
    }
    let twice = app.request(Method::PUT, &format!("/event/{id}")).header("idempotency-key", "a");
    let twice = twice.header("idempotency-key", "b").body("{}").ask().await;
    twice.refuses(400, "invalid_field", refusal);
    let create = app.request(Method::POST, "/event?wait=30s").header("idempotency-key", "a");
    let created = create.body(full().to_string()).ask().await;
    assert_eq!(created.status, 201);
    // The create's key is none of the changes'.
    assert_eq!(keyed(&app, &created.id(), "a", json!({"input": "new"})).await.status, 200);
    assert_eq!(app.event(&created.id()).await["input"], "new");
    let delete = app.request(Method::DELETE, &format!("/event/{id}?wait=30s"));
    assert_eq!(delete.header("idempotency-key", "a").ask().await.status, 200);
    keyed(&app, &id, "a", json!({})).await.refuses(404, "not_found", "event not found");
}
