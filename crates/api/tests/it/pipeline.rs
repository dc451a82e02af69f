//! `GET /pipeline`: how far the events are on their way.

use bus::kafka;
use futures_util::future::join_all;
use insta::assert_snapshot;
use model::{EventKey, Operation, Tenant, Timestamp};
use serde_json::json;
use testing::wait::until;

use crate::harness::events::{event, id_at, new_id};
use crate::harness::{App, PATIENCE, Part, Setup};

fn partitions(partitions: u16) -> kafka::Config {
    kafka::Config { partitions, ..kafka::Config::default() }
}

#[tokio::test]
async fn an_empty_pipeline_has_no_lag() {
    let app = App::with(Setup { topics: partitions(2), ..Setup::default() }).await;
    assert_snapshot!(app.get("/pipeline").await.shown(), @r#"200 {"success":true,"data":{"partitions":[{"partition":0,"end":0,"committed":0,"lag":0,"oldest_age_ms":0},{"partition":1,"end":0,"committed":0,"lag":0,"oldest_age_ms":0}],"lag":0,"committed":0,"oldest_age_ms":0,"dead_letters":0},"request_id":"test"}"#);
    let app = App::start().await;
    let numbers: Vec<_> = app.get("/pipeline").await.data()["partitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|partition| partition["partition"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (0..12).collect::<Vec<_>>());
}

#[tokio::test]
async fn events_that_are_not_visible_yet_are_the_lag_and_grow_old() {
    let app =
        App::with(Setup { topics: partitions(1), without: &[Part::Consumer], ..Setup::default() }).await;
    for _ in 0..3 {
        assert_eq!(app.post("/event", event(json!({}))).await.status, 202);
    }
    let oldest = async || {
        let mut data = app.get("/pipeline").await.data();
        let age = data["partitions"][0]["oldest_age_ms"].take().as_i64().unwrap();
        assert_eq!(data["oldest_age_ms"].take(), age);
        let partition = json!({"partition": 0, "end": 3, "committed": 0, "lag": 3, "oldest_age_ms": null});
        assert_eq!(
            data,
            json!({"partitions": [partition], "lag": 3, "committed": 0, "oldest_age_ms": null, "dead_letters": 0})
        );
        age
    };
    let first = oldest().await;
    assert!((0..30_000).contains(&first));
    until("the oldest event has grown older", PATIENCE, async || oldest().await > first).await;
}

#[tokio::test]
async fn the_numbers_tell_what_became_of_each_write() {
    let topics = bus::kafka::Config { max_message_bytes: 2_000, ..bus::kafka::Config::default() };
    let app = App::with(Setup { topics, without: &[Part::Consumer], ..Setup::default() }).await;
    for _ in 0..3 {
        assert_eq!(app.post("/event", event(json!({}))).await.status, 202);
    }
    assert_eq!(app.post("/event", event(json!({"input": "x".repeat(3_000)}))).await.status, 413);
    assert_eq!(app.post("/event", "{}").await.status, 400);
    let answer = reqwest::get(app.url("/metrics")).await.unwrap();
    let kind = answer.headers()["content-type"].to_str().unwrap();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    let text = answer.text().await.unwrap();
    for (outcome, sends) in [("acknowledged", 3), ("too_large", 1), ("queue_full", 0), ("unavailable", 0)] {
        let line = format!("millrace_sends_total{{outcome=\"{outcome}\"}} {sends}\n");
        assert!(text.contains(&line), "{line}{text}");
    }
    assert!(text.contains("millrace_acknowledgement_duration_seconds_count 3\n"), "{text}");

    let lag: i64 = app.get("/pipeline").await.data()["lag"].as_i64().unwrap();
    let text = reqwest::get(app.url("/metrics")).await.unwrap().text().await.unwrap();
    let shown =
        text.lines().filter_map(|line| line.strip_prefix("millrace_lag_operations{")?.split_once("} "));
    assert_eq!((lag, shown.map(|(_, lag)| lag.parse::<i64>().unwrap()).sum()), (3, 3), "{text}");
    assert!(text.contains("millrace_dead_letters_kept 0"), "{text}");
}

#[tokio::test]
async fn the_lag_goes_to_zero_and_every_event_is_in_the_table_once() {
    let app = App::start().await;
    let one = event(json!({}));
    let answers = join_all((0..300).map(|_| app.post("/event", &one))).await;
    assert!(answers.iter().all(|answer| answer.status == 202));
    app.settled().await;
    let data = app.get("/pipeline").await.data();
    let sum = |field: &str| -> i64 {
        data["partitions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|partition| partition[field].as_i64().unwrap())
            .sum()
    };
    assert_eq!((sum("end"), sum("committed"), sum("lag"), sum("oldest_age_ms")), (300, 300, 0, 0));
    assert_eq!(data["committed"], 300);
    assert_eq!(app.sql("SELECT count() FROM events FINAL").await, "300");
    assert_eq!(app.sql("SELECT uniqExact(id) FROM events").await, "300");
}

/// In Kafka the mark that ends a transaction takes an offset, which no consumer ever commits.
#[tokio::test]
async fn behind_the_last_event_of_a_transaction_nothing_lags() {
    let app = App::on_kafka(1).await;
    let key = || EventKey { tenant: Tenant::default(), id: id_at(Timestamp::now()) };
    let delete = |()| Operation::Delete { key: key(), at: Timestamp::now() };
    app.publish_at_once(&[(); 3].map(delete)).await;
    app.settled().await;
    let partition = json!({"partition": 0, "end": 4, "committed": 3, "lag": 0, "oldest_age_ms": 0});
    let expected =
        json!({"partitions": [partition], "committed": 3, "lag": 0, "oldest_age_ms": 0, "dead_letters": 0});
    assert_eq!(app.get("/pipeline").await.data(), expected);
    let never = format!("/event/{}?wait=true", new_id());
    app.delete(&never).await.refuses(404, "not_found", "event not found");
    assert_eq!(app.get("/pipeline").await.data(), expected);
    assert_eq!(app.post("/event?wait=true", event(json!({}))).await.status, 201);
    assert_eq!(app.sql("SELECT count() FROM events FINAL").await, "1");
}

#[tokio::test]
async fn dead_letters_are_counted() {
    let app = App::start().await;
    for _ in 0..3 {
        assert_eq!(app.put(&format!("/event/{}", new_id()), "{}").await.status, 202);
    }
    app.settled().await;
    let data = app.get("/pipeline").await.data();
    assert_eq!((&data["dead_letters"], &data["lag"]), (&json!(3), &json!(0)));
}
