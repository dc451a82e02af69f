//! `POST /event`

use insta::assert_snapshot;
use serde_json::json;

use crate::harness::events::{ago, event, new_id};
use crate::harness::{App, Part, Setup};

#[tokio::test]
async fn every_field_is_taken_and_returned() {
    let app = App::start().await;
    let id = app
        .create(&json!({
            "conversation_id": "c-1",
            "event_name": "event_b",
            "error": "timeout",
            "latency": 12.5,
            "input": "what is\nthis? ✓",
            "output": "\u{0}\"\\",
            "input_embeddings": [0.1, -2, 3e10],
            "output_embeddings": [1],
            "conversation_metadata": {"model": "m-1", "n": null},
            "user_id": "u-1",
            "tags": ["b", "a", "b"],
            "properties": {"a": {"b": [1, 2.0]}},
            "timestamp": "2026-01-02T03:04:05.678+02:00",
        }))
        .await;
    let read = app.get(&format!("/event/{id}")).await;
    assert_eq!(read.data()["created_at"], "2026-01-02T01:04:05.678Z");
    assert_snapshot!(read.shown(), @r#"200 {"success":true,"data":{"id":"[id]","conversation_id":"c-1","event_name":"event_b","error":"timeout","latency":12.5,"input":"what is\nthis? ✓","output":"\u0000\"\\","input_embeddings":[0.1,-2.0,30000000000.0],"output_embeddings":[1.0],"conversation_metadata":"{\"model\":\"m-1\",\"n\":null}","user_id":"u-1","tags":["b","a","b"],"properties":{"a":{"b":[1,2.0]}},"created_at":"[created_at]","updated_at":"[updated_at]"},"request_id":"test"}"#);
}

#[tokio::test]
async fn fields_that_were_not_sent_are_empty() {
    let app = App::start().await;
    let id = app.create(&event(json!({}))).await;
    assert_snapshot!(app.get(&format!("/event/{id}")).await.shown(), @r#"200 {"success":true,"data":{"id":"[id]","conversation_id":"c-1","event_name":"event_a","error":"","latency":0.0,"input":"","output":"","input_embeddings":[],"output_embeddings":[],"conversation_metadata":"","user_id":"","tags":[],"properties":{},"created_at":"[created_at]","updated_at":"[updated_at]"},"request_id":"test"}"#);
}

#[tokio::test]
async fn times_are_returned_in_utc_with_milliseconds() {
    let app = App::start().await;
    let before = ago(0);
    let id = app.create(&event(json!({}))).await;
    let event = app.event(&id).await;
    let created: model::Timestamp = serde_json::from_value(event["created_at"].clone()).unwrap();
    assert!((before..=ago(0)).contains(&created));
    assert_eq!(event["created_at"].as_str().map(str::len), Some("2026-11-20T21:57:13.123Z".len()));
    assert_eq!(event["updated_at"], event["created_at"]);
}

#[tokio::test]
async fn properties_come_back_as_they_were_sent() {
    let app = App::start().await;
    let properties = r#"{"at":"2023-10-15T14:30:00Z","n":null,"o":{},"a.b":1,"f":1.0,"big":12345678901234567890, "z":1, "é":"\u00e9"}"#;
    let sent = format!(r#"{{"conversation_id":"c-1","event_name":"event_a","properties":{properties}}}"#);
    let created = app.post("/event?wait=true", &sent).await;
    assert_eq!(created.status, 201);
    for path in [format!("/event/{}", created.id()), "/events/conversation/c-1".to_owned()] {
        let text = app.get(&path).await.text;
        assert!(text.contains(&format!(r#""properties":{properties},"#)), "{text}");
    }
    let changed =
        app.put(&format!("/event/{}?wait=true", created.id()), r#"{"properties":{"b":2,"a":1.50}}"#).await;
    assert_eq!(changed.status, 200);
    let text = app.get(&format!("/event/{}", created.id())).await.text;
    assert!(text.contains(r#""properties":{"b":2,"a":1.50},"#), "{text}");
}

#[tokio::test]
async fn conversation_metadata_is_a_string_or_an_object_kept_as_its_text() {
    let app = App::start().await;
    for (sent, returned) in [
        (r#""plain text""#, "plain text"),
        (r#""{\"already\": \"json\"}""#, r#"{"already": "json"}"#),
        (r#"{"a": 1.0, "b" : null}"#, r#"{"a": 1.0, "b" : null}"#),
        (r#""""#, ""),
        ("null", ""),
    ] {
        let body =
            format!(r#"{{"conversation_id":"c-1","event_name":"event_a","conversation_metadata":{sent}}}"#);
        let created = app.post("/event?wait=true", body).await;
        assert_eq!(app.event(&created.id()).await["conversation_metadata"], returned);
    }
}

#[tokio::test]
async fn null_is_as_if_absent_and_unknown_fields_are_ignored() {
    let app = App::start().await;
    let id = app
        .create(&event(json!({
            "id": null, "timestamp": null, "error": null, "latency": null, "input": null, "output": null,
            "input_embeddings": null, "output_embeddings": null, "conversation_metadata": null,
            "user_id": null, "tags": null, "properties": null, "colour": {"any": ["thing"]},
        })))
        .await;
    let (nulls, plain) = (app.event(&id).await, app.event(&app.create(&event(json!({}))).await).await);
    for (field, value) in plain.as_object().unwrap() {
        let own = matches!(field.as_str(), "id" | "created_at" | "updated_at");
        assert!(own || nulls[field] == *value, "{field}");
    }
}

#[tokio::test]
async fn the_same_id_twice_is_one_event() {
    let app = App::start().await;
    let id = new_id();
    let first = event(json!({"id": id, "input": "first"}));
    assert_eq!(app.create(&first).await, id);
    assert_eq!(app.create(&first).await, id);
    let created = app.event(&id).await;
    assert_eq!(app.create(&event(json!({"id": id, "input": "second", "event_name": "event_b"}))).await, id);

    assert_eq!(app.event(&id).await, created);
    assert_eq!(app.column("c-1", "input").await, ["first"]);
    assert_eq!(app.sql("SELECT count() FROM events FINAL").await, "1");
}

#[tokio::test]
async fn a_timestamp_becomes_the_ids_time() {
    let app = App::start().await;
    let at = ago(5_000_000);
    let id = app.create(&event(json!({"timestamp": at.to_string()}))).await;
    assert_eq!(app.event(&id).await["created_at"], at.to_string());
    assert_eq!(id, app.event(&id).await["id"]);
    assert_eq!(model::EventId::parse(&id).unwrap().created_at(), at);
}

#[tokio::test]
async fn the_allowed_names_are_a_setting() {
    let app = App::with(Setup {
        api: api::Config { event_names: "sign_up, log in".into(), ..api::Config::default() },
        without: &[Part::Consumer, Part::ClickHouse],
        ..Setup::default()
    })
    .await;
    assert_eq!(app.post("/event", event(json!({"event_name": "log in"}))).await.status, 202);
    let refused = app.post("/event", event(json!({}))).await;
    refused.refuses(400, "invalid_field", "event_name must be one of: sign_up, log in");

    let app = App::with(Setup {
        api: api::Config { event_names: "*".into(), ..api::Config::default() },
        without: &[Part::Consumer, Part::ClickHouse],
        ..Setup::default()
    })
    .await;
    assert_eq!(app.post("/event", event(json!({"event_name": "ü".repeat(128)}))).await.status, 202);
    let refused = app.post("/event", event(json!({"event_name": "ü".repeat(129)}))).await;
    refused.refuses(400, "invalid_field", "event_name must be 1 to 128 characters");
}
