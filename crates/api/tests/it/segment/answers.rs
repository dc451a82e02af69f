//! Answers: exactly those that all clients take for what they are.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use super::{is_refusal, rejected, track, writes_only};
use crate::harness::{App, Ask, Part, Setup};

#[tokio::test]
async fn what_is_taken_in_is_a_200_with_an_object_on_every_path() {
    let app = writes_only(api::Config::default()).await;
    let identified = json!({"userId": "u", "previousId": "p", "groupId": "g", "event": "e"});
    for path in ["identify", "track", "page", "screen", "group", "alias", "i", "t", "p", "s", "g", "a"] {
        for path in [format!("/v1/{path}"), format!("/v1/{path}/"), format!("//v1//{path}")] {
            let answer = app.post(&path, &identified).await;
            assert_eq!((answer.status.as_u16(), &*answer.text), (200, r#"{"success":true}"#), "{path}");
        }
    }
    for path in ["identify", "track", "page", "screen", "group", "alias"] {
        for path in [format!("/api/s/{path}"), format!("/api/s/s2s/{path}")] {
            assert_eq!(app.post(&path, &identified).await.text, r#"{"success":true}"#, "{path}");
        }
    }
    let batch = json!({"batch": [{"type": "TRACK", "userId": "u", "event": "e"}]});
    for path in
        ["/v1/batch", "/v1/b", "/v1/import/", "/beacon/v1/batch?writeKey=k", "/api/s/s2s/batch", "//v1/batch"]
    {
        let answer = app.post(path, &batch).await;
        assert_eq!((answer.status.as_u16(), &*answer.text), (200, r#"{"success":true}"#), "{path}");
    }
    assert_eq!(app.batch(json!([])).await.text, r#"{"success":true}"#);
    assert_eq!(app.post("/v1/m", "not looked at").await.text, r#"{"success":true}"#);
    assert_eq!(
        app.post("/v1/event", json!({"type": "track", "event": "e", "user_id": "u"})).await.status,
        200
    );
}

#[tokio::test]
async fn what_a_batch_adds_to_its_events_is_bounded_and_takes_room_like_a_body() {
    let config = api::Config { max_bodies_bytes: 20 << 20, ..api::Config::default() };
    let app = writes_only(config).await;
    let batch = |context_bytes: usize, item_bytes: usize, value: &str| {
        let text = "x".repeat(item_bytes);
        let item =
            format!(r#"{{"type":"track","userId":"u","event":"{text}","properties":{{"a":{value}}}}}"#);
        let items = vec![item; 1_000].join(",");
        format!(r#"{{"batch":[{items}],"context":{{"a":"{}"}}}}"#, "x".repeat(context_bytes))
    };
    // A thousand times as much are more than the largest body.
    is_refusal(&app.post("/v1/batch", batch(10_486, 1, "1")).await, 400, "invalid_field");
    assert_eq!(app.post("/v1/batch", batch(10_000, 9_000, "1")).await.text, r#"{"success":true}"#);
    // Mended, the body is there twice, and there is no room for what it adds.
    is_refusal(&app.post("/v1/batch", batch(10_000, 9_000, "NaN")).await, 503, "unavailable");
}

#[tokio::test]
async fn an_item_that_is_refused_costs_only_itself() {
    let app = App::start().await;
    let item = |more: Value| {
        let mut item = track();
        item["type"] = json!("track");
        item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        item
    };
    let answer = app
        .batch(json!([
            item(json!({"messageId": "large", "properties": {"text": "x".repeat(40_000)}})),
            item(json!({"messageId": "nobody", "userId": null})),
            item(json!({"messageId": "listed", "userId": ["u"]})),
            item(json!({"messageId": "nothing", "event": ""})),
            item(json!({"messageId": "unknown", "type": "nothing"})),
            item(json!({"messageId": "no object", "properties": "x"})),
            item(json!({"messageId": "old", "timestamp": "2001-01-01T00:00:00Z"})),
            7,
            item(json!({"messageId": "number", "userId": 7})),
            item(json!({"messageId": "empty", "properties": []})),
        ]))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_snapshot!(rejected(&answer));
    app.sees(
        "SELECT message_id, user_id, properties FROM events FINAL ORDER BY message_id",
        "empty\tu-1\t\nnumber\t7",
    )
    .await;
}

#[tokio::test]
async fn where_nothing_is_taken_in_the_answer_is_a_400_with_the_reasons() {
    let app = writes_only(api::Config::default()).await;
    let single = app.post("/v1/track", json!({"userId": "u", "messageId": "m"})).await;
    is_refusal(&single, 400, "missing_field");
    assert_snapshot!(single.shown());
    // Clients look for the event by it.
    let long = "m".repeat(1_000);
    let single = app.post("/v1/track", json!({"userId": "u", "messageId": long})).await.json();
    assert_eq!(single["rejected"][0]["messageId"], long);
    let batch = app.batch(json!([{"type": "track", "event": "e"}, {"type": "x", "userId": "u"}])).await;
    is_refusal(&batch, 400, "invalid_field");
    assert_snapshot!(batch.shown());
    for body in ["", "[", "[]", "7", r#"{"batch":7}"#, "{}"] {
        let answer = app.post("/v1/batch", body).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text);
        assert!(answer.json()["code"].is_string() && answer.json()["message"].is_string());
    }
}

#[tokio::test]
async fn whoever_answers_on_these_paths_says_a_code_and_a_message() {
    let app = writes_only(api::Config { max_batch_body_bytes: 64 << 10, ..api::Config::default() }).await;
    is_refusal(&app.get("/v1/nothing").await, 404, "not_found");
    is_refusal(&app.get("/v1/track").await, 405, "method_not_allowed");
    is_refusal(&app.post("/v1/batch", "x".repeat(65 << 10)).await, 413, "too_large");
    for root in ["/t", "/b", "/batch", "/identify/"] {
        let lost = app.post(root, track()).await;
        is_refusal(&lost, 404, "not_found");
        assert!(lost.text.contains("/v1"), "{}", lost.text);
    }
    for encoding in ["br", "deflate", "gzip"] {
        let request = app.request(Method::POST, "/v1/track").header("content-encoding", encoding);
        is_refusal(
            &request.body(track().to_string()).ask().await,
            400,
            if encoding == "gzip" { "invalid_body" } else { "invalid_field" },
        );
    }
    // The native dialect has its own words.
    assert!(app.get("/nowhere").await.json()["message"].is_null());
}

#[tokio::test]
async fn while_kafka_is_away_clients_are_asked_to_come_again_after_whole_seconds() {
    let without = &[Part::Consumer, Part::ClickHouse, Part::Kafka];
    let app = App::with(Setup { without, ..Setup::default() }).await;
    let answer = app.post("/v1/track", track()).await;
    is_refusal(&answer, 503, "unavailable");
    assert_eq!(answer.header("retry-after"), "5");
}

#[tokio::test]
async fn requests_that_are_sent_again_are_counted() {
    let app = writes_only(api::Config::default()).await;
    for (name, tries) in [
        ("x-retry-count", "0"),
        ("x-retry-count", ""),
        ("x-retry-count", "2"),
        ("rsa-retry-attempt", "1"),
        ("rsa-retry-attempt", "no number"),
    ] {
        app.request(Method::POST, "/v1/t").header(name, tries).body(track().to_string()).ask().await;
    }
    let numbers = app.get("/metrics").await.text;
    assert!(numbers.contains(r#"millrace_client_retries_total{dialect="segment"} 2"#), "{numbers}");
}

#[tokio::test]
async fn bodies_are_read_whatever_their_type_says_and_unpacked() {
    let app = App::start().await;
    let body = json!({"batch": [{"type": "track", "userId": "u", "event": "e", "messageId": "m-1", "timestamp": "2026-11-20T21:57:13Z"}]});
    let text = body.to_string();
    let mut packed = Vec::new();
    // Two members, as some clients write them.
    for part in [&text[..20], &text[20..]] {
        let mut member = GzEncoder::new(Vec::new(), Compression::default());
        member.write_all(part.as_bytes()).unwrap();
        packed.extend(member.finish().unwrap());
    }
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/json"] {
        let plain = app.request(Method::POST, "/v1/batch").header("content-type", kind).body(text.clone());
        assert_eq!(plain.ask().await.text, r#"{"success":true}"#);
        let gzip = app.request(Method::POST, "/v1/b").header("content-type", kind);
        let gzip = gzip.header("content-encoding", "gzip").body(packed.clone()).ask().await;
        assert_eq!(gzip.text, r#"{"success":true}"#);
    }
}

#[tokio::test]
async fn what_is_nearly_json_is_mended_and_counted() {
    let app = writes_only(api::Config::default()).await;
    let body = r#"{"batch":[{"type":"track","userId":"u","event":"e","properties":{"a":NaN,"b":-Infinity}},
        {"type":"track","userId":"u","event":"\ud83d"}]}"#;
    let answer = app.post("/v1/batch", body).await;
    assert_eq!((answer.status.as_u16(), &*answer.text), (200, r#"{"success":true}"#));
    let numbers = app.get("/metrics").await.text;
    assert!(numbers.contains(r#"millrace_mended_values_total{dialect="segment"} 3"#), "{numbers}");
    // Two of the three are the numbers; what is no JSON even then is refused.
    assert_eq!(app.post("/v1/batch", r#"{"batch":[NaN"#).await.status, 400);
}
