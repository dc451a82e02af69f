//! `/health`, `/ready` and `/ping`, and what can be done while something is away.

use std::time::{Duration, Instant};

use insta::assert_snapshot;
use serde_json::json;
use testing::kafka::Broker;
use testing::wait::until;

use crate::harness::events::{event, new_id};
use crate::harness::{App, PATIENCE, Part, Setup};

const SOON: Duration = Duration::from_secs(3);

/// Every question to the table.
fn reads() -> Vec<String> {
    vec![
        format!("/event/{}", new_id()),
        "/events/conversation/c-1".into(),
        "/analytics/errors?event_name=event_a".into(),
        "/analytics/latency".into(),
        "/analytics/sessions/top-errors".into(),
    ]
}

#[tokio::test]
async fn an_application_with_all_its_parts_is_ready() {
    let app = App::start().await;
    assert_snapshot!(app.get("/health").await.shown(), @r#"200 {"success":true,"message":"ok","request_id":"test"}"#);
    assert_snapshot!(app.get("/ping").await.shown(), @r#"200 {"success":true,"message":"pong","request_id":"test"}"#);
    assert_snapshot!(app.get("/ready").await.shown(), @r#"200 {"success":true,"message":"ready","data":{"kafka":"ok","clickhouse":"ok"},"request_id":"test"}"#);
}

#[tokio::test]
async fn without_clickhouse_writes_go_on_and_reads_invite_a_retry() {
    let app = App::start_writes_only().await;
    let ready = app.get("/ready").await;
    assert_snapshot!(ready.shown(), @r#"503 {"success":false,"data":{"kafka":"ok","clickhouse":"unavailable"},"error":"not ready","code":"unavailable","request_id":"test"}"#);
    ready.invites_a_retry();
    assert_eq!(app.get("/health").await.status, 200);

    assert_eq!(app.post("/event", event(json!({}))).await.status, 202);
    assert_eq!(app.post("/events", json!({"events": [event(json!({}))]})).await.status, 202);
    assert_eq!(app.put(&format!("/event/{}", new_id()), "{}").await.status, 202);
    assert_eq!(app.delete(&format!("/event/{}", new_id())).await.status, 202);
    assert_eq!(app.get("/pipeline").await.data()["lag"], 4);

    for path in reads() {
        let answer = app.get(&path).await;
        answer.invites_a_retry();
        assert_eq!(answer.json()["error"], "reads are unavailable at the moment, please retry", "{path}");
    }
    // It looks before it writes.
    app.delete(&format!("/event/{}?wait=true", new_id())).await.invites_a_retry();
}

#[tokio::test]
async fn without_kafka_writes_invite_a_retry_soon_and_reads_go_on() {
    let app = App::with(Setup { without: &[Part::Consumer, Part::Kafka], ..Setup::default() }).await;
    assert_eq!(app.get("/health").await.status, 200);
    assert_eq!(app.get("/ping").await.status, 200);
    let begun = Instant::now();
    let one = event(json!({}));
    let (path, words) =
        (format!("/event/{}", new_id()), "writes are unavailable at the moment, please retry");
    for answer in [app.post("/event", &one).await, app.put(&path, "{}").await, app.delete(&path).await] {
        answer.invites_a_retry();
        assert_eq!(answer.json()["error"], words);
    }
    let batch = app.post("/events?wait=true", json!({"events": [one, {}]})).await;
    batch.invites_a_retry();
    let result = &batch.data()["results"][0];
    assert_eq!((&result["error"], &result["code"]), (&json!(words), &json!("unavailable")));
    assert_eq!(batch.data()["results"][1]["code"], "missing_field");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());

    app.get(&path).await.refuses(404, "not_found", "event not found");
    assert_eq!(app.get("/events/conversation/c-1").await.data(), json!([]));
    let ready = app.get("/ready").await;
    assert_snapshot!(ready.shown(), @r#"503 {"success":false,"data":{"kafka":"unavailable","clickhouse":"ok"},"error":"not ready","code":"unavailable","request_id":"test"}"#);
    app.get("/pipeline").await.invites_a_retry();
}

#[tokio::test]
async fn a_log_that_goes_away_later_is_a_503_too() {
    let mut app = App::start().await;
    let id = app.create(&event(json!({}))).await;
    app.close_log().await;
    let begun = Instant::now();
    app.post("/event", event(json!({}))).await.invites_a_retry();
    app.put(&format!("/event/{id}"), "{}").await.invites_a_retry();
    app.delete(&format!("/event/{id}?wait=true")).await.invites_a_retry();
    app.post("/events", json!({"events": [event(json!({}))]})).await.invites_a_retry();
    assert!(begun.elapsed() < SOON);
    assert_eq!(app.event(&id).await["id"], id);
}

#[tokio::test]
async fn a_kafka_that_goes_away_later_is_a_503_soon_until_it_is_back() {
    let mut broker = tokio::task::spawn_blocking(Broker::start).await.unwrap();
    let app = App::with(Setup {
        broker: Some(broker.brokers().to_owned()),
        without: &[Part::Consumer, Part::ClickHouse],
        ..Setup::default()
    })
    .await;
    let one = event(json!({"id": new_id()}));
    assert_eq!(app.post("/event", &one).await.status, 202);

    broker.stop();
    for _ in 0..2 {
        let begun = Instant::now();
        let batch = json!({"events": [one, one]});
        let (single, many) = tokio::join!(app.post("/event", &one), app.post("/events", batch));
        single.invites_a_retry();
        many.invites_a_retry();
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    }
    let ready = app.get("/ready").await;
    ready.invites_a_retry();
    assert_eq!(ready.data()["kafka"], "unavailable");
    assert_eq!(app.get("/health").await.status, 200);

    let restarted = tokio::task::spawn_blocking(move || {
        broker.restart();
        broker
    });
    let _broker = restarted.await.unwrap();
    until("writes are taken again", PATIENCE, async || app.post("/event", &one).await.status == 202).await;
}
