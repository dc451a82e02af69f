//! An event from its beginning to its end.

use bus::kafka;
use insta::assert_snapshot;
use serde_json::json;
use testing::wait::{until, until_some};

use crate::harness::events::event;
use crate::harness::{App, PATIENCE, Setup};

#[tokio::test]
async fn an_event_is_created_read_changed_and_deleted_for_good() {
    let topics = kafka::Config { partitions: 1, ..kafka::Config::default() };
    let app = App::with(Setup { topics, ..Setup::default() }).await;
    let created = app.post("/event", event(json!({"input": "hello"}))).await;
    assert_snapshot!(created.shown(), @r#"202 {"success":true,"message":"event creation queued","data":{"id":"[id]","partition":0,"offset":0},"request_id":"test"}"#);
    let path = format!("/event/{}", created.id());

    let read = until_some("the event can be read", PATIENCE, async || {
        let answer = app.get(&path).await;
        (answer.status == 200).then_some(answer)
    })
    .await;
    assert_snapshot!(read.shown(), @r#"200 {"success":true,"data":{"id":"[id]","conversation_id":"c-1","event_name":"event_a","error":"","latency":0.0,"input":"hello","output":"","input_embeddings":[],"output_embeddings":[],"conversation_metadata":"","user_id":"","tags":[],"properties":{},"created_at":"[created_at]","updated_at":"[updated_at]"},"request_id":"test"}"#);
    let turns = app.get("/events/conversation/c-1").await;
    assert_snapshot!(turns.shown(), @r#"200 {"success":true,"data":[{"id":"[id]","conversation_id":"c-1","event_name":"event_a","error":"","latency":0.0,"input":"hello","output":"","input_embeddings":[],"output_embeddings":[],"conversation_metadata":"","user_id":"","tags":[],"properties":{},"created_at":"[created_at]","updated_at":"[updated_at]"}],"request_id":"test"}"#);

    let updated = app.put(&path, json!({"output": "hi", "latency": 12.5})).await;
    assert_snapshot!(updated.shown(), @r#"202 {"success":true,"message":"event update queued","data":{"id":"[id]","partition":0,"offset":1},"request_id":"test"}"#);
    until("the change can be read", PATIENCE, async || app.event(&created.id()).await["output"] == "hi")
        .await;
    let read = app.event(&created.id()).await;
    assert_eq!((&read["input"], &read["latency"]), (&json!("hello"), &json!(12.5)));

    let deleted = app.delete(&path).await;
    assert_snapshot!(deleted.shown(), @r#"202 {"success":true,"message":"event deletion queued","data":{"id":"[id]","partition":0,"offset":2},"request_id":"test"}"#);
    until("the event is gone", PATIENCE, async || app.get(&path).await.status == 404).await;
    assert_snapshot!(app.get(&path).await.shown(), @r#"404 {"success":false,"error":"event not found","code":"not_found","request_id":"test"}"#);
    assert_snapshot!(app.get("/events/conversation/c-1").await.shown(), @r#"200 {"success":true,"data":[],"request_id":"test"}"#);
    assert_eq!(app.sql("SELECT count() FROM events FINAL").await, "0");
}

#[tokio::test]
async fn a_write_says_where_in_the_log_it_is() {
    let app = App::start_writes_only().await;
    let created = app.post("/event", event(json!({}))).await;
    let path = format!("/event/{}", created.id());
    let answers = [created, app.put(&path, "{}").await, app.delete(&path).await];
    let partitions = app.get("/pipeline").await.data()["partitions"].take();
    for (offset, answer) in answers.iter().enumerate() {
        assert_eq!(answer.data()["offset"], offset);
        let partition = answer.data()["partition"].as_u64().unwrap();
        assert_eq!(partitions[usize::try_from(partition).unwrap()]["end"], 3);
    }
}
