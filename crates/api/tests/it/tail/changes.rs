//! What is seen, and by whom.

use serde_json::json;

use super::{Message, filters};
use crate::harness::events::event;
use crate::harness::{App, Caller};
use crate::keys::{ENTRIES, with_keys};

/// Creates, changes and deletes an event, and sees that.
async fn all_that_is_done_is_seen(app: &App) {
    let mut tail = app.tail("").await;
    let sent = json!({"input": "hello", "latency": 12.5, "tags": ["a"], "properties": {"n": 1.50}});
    let created = app.post("/event", event(sent)).await;
    let path = format!("/event/{}", created.id());
    let updated = app.put(&path, json!({"output": "hi\nyou", "tags": [], "properties": {}})).await;
    let deleted = app.delete(&path).await;

    let of = |answer: &crate::harness::Answer| {
        let data = answer.data();
        format!("{}-{}", data["partition"], data["offset"])
    };
    let Message { event, id, data } = tail.next().await;
    assert_eq!((event.as_str(), id), ("created", of(&created)));
    assert_eq!(data["id"], created.id());
    assert_eq!((&data["input"], &data["latency"]), (&json!("hello"), &json!(12.5)));
    assert_eq!((&data["source"], &data["properties"]), (&json!("native"), &json!({"n": 1.5})));
    assert_eq!(data["conversation_id"], "c-1");
    let Message { event, id, mut data } = tail.next().await;
    assert_eq!((event.as_str(), id), ("updated", of(&updated)));
    assert!(data["updated_at"].take().is_string());
    let changed =
        json!({"id": created.id(), "updated_at": null, "output": "hi\nyou", "tags": [], "properties": {}});
    assert_eq!(data, changed);
    let gone = json!({"id": created.id()});
    assert_eq!(tail.next().await, Message { event: "deleted".into(), id: of(&deleted), data: gone });
}

#[tokio::test]
async fn all_that_is_done_is_seen_on_the_log() {
    all_that_is_done_is_seen(&App::start_writes_only().await).await;
}

#[tokio::test]
async fn all_that_is_done_is_seen_on_kafka() {
    all_that_is_done_is_seen(&App::on_kafka(3).await).await;
}

#[tokio::test]
async fn only_what_the_filters_let_through_is_seen() {
    let app = App::start_writes_only().await;
    let wanted = json!([
        {"field": "error", "op": "contains", "values": ["TIME"]},
        {"field": "properties.shop.id", "op": "gte", "values": [5]},
    ]);
    let mut tail = app.tail(&filters(&wanted)).await;
    let create = async |error: &str, shop: serde_json::Value| {
        let answer = app.post("/event", event(json!({"error": error, "properties": {"shop": shop}}))).await;
        answer.id()
    };
    create("timeout", json!({"id": 4})).await;
    create("refused", json!({"id": 5})).await;
    let id = create("timeout", json!({"id": "5.0"})).await;
    let path = format!("/event/{id}");
    app.put(&path, json!({"error": ""})).await;
    app.put(&path, json!({"output": "x"})).await;
    app.put(&path, json!({"error": "time is up", "output": "y"})).await;
    app.delete(&path).await;

    let mut seen = Vec::new();
    for _ in 0..4 {
        let Message { event, data, .. } = tail.next().await;
        assert_eq!(data["id"], id, "{event} {data}");
        seen.push((event, data["output"].as_str().unwrap_or_default().to_owned()));
    }
    let expected = [("created", ""), ("updated", "x"), ("updated", "y"), ("deleted", "")];
    assert_eq!(seen, expected.map(|(event, output)| (event.to_owned(), output.to_owned())));
}

#[tokio::test]
async fn what_can_not_be_meant_is_named() {
    let app = App::start_writes_only().await;
    let query = filters(&json!([{"field": "evnt", "op": "is", "values": ["a"]}]));
    let answer = app.get(&format!("/tail?{query}")).await;
    assert_eq!(answer.status, 400);
    assert!(answer.json()["error"].as_str().unwrap().contains("unknown field \"evnt\""), "{}", answer.text);
    for id in ["x", "1", "1-x", "-1-1"] {
        let request = app.request(reqwest::Method::GET, "/tail").header("last-event-id", id);
        let words = "Last-Event-ID must be the id of a message of this tail";
        crate::harness::Ask::ask(request).await.refuses(400, "invalid_field", words);
    }
}

/// Each sees its own alone, also of an event that both have.
async fn see_nothing_of_each_other(one: &Caller, other: &Caller) {
    let (mut of_one, mut of_other) = (one.tail("").await, other.tail("").await);
    let id = one.post("/event", event(json!({"input": "of one"}))).await.id();
    other.post("/event", event(json!({"id": id, "input": "of other"}))).await;
    one.delete(&format!("/event/{id}")).await;
    other.put(&format!("/event/{id}"), json!({"output": "of other"})).await;
    for (tail, inputs) in [(&mut of_one, "of one"), (&mut of_other, "of other")] {
        assert_eq!(tail.next().await.data["input"], inputs);
    }
    assert_eq!(of_one.next().await.event, "deleted");
    let last = of_other.next().await;
    assert_eq!((last.event.as_str(), &last.data["output"]), ("updated", &json!("of other")));

    // A message of another tenant is none to resume behind.
    let mut stranger = one.tail_after("", &last.id).await;
    assert_eq!(stranger.next().await.event, "missed");
}

#[tokio::test]
async fn tenants_see_nothing_of_each_other() {
    let app = App::start_writes_only().await;
    see_nothing_of_each_other(&app.tenant("one"), &app.tenant("other")).await;
}

#[tokio::test]
async fn a_key_shows_its_tenants_alone_and_must_be_for_reads() {
    let app = App::with(with_keys(ENTRIES, None)).await;
    see_nothing_of_each_other(&app.key("acme-all"), &app.key("other-all")).await;
    assert_eq!(app.get("/tail").await.status, 401);
    app.key("acme-ingest").get("/tail").await.refuses(403, "forbidden", "the key lacks the scope read");
    app.key("acme-read").tail("").await;
}
