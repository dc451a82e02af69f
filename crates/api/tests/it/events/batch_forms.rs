//! The forms in which a batch may come: an object, lines, packed.

use std::fmt::Write as _;

use reqwest::Method;
use serde_json::json;

use crate::harness::events::event;
use crate::harness::{App, Ask};
use crate::limits::gzip;

/// Two good lines around a bad one and an empty one.
fn lines() -> String {
    let mut lines = String::new();
    for line in [
        event(json!({"input": "1"})).to_string(),
        "rubbish".into(),
        String::new(),
        event(json!({"input": "2"})).to_string(),
    ] {
        write!(lines, "{line}\r\n").unwrap();
    }
    lines
}

#[tokio::test]
async fn lines_are_a_batch_whatever_the_body_is_called() {
    let app = App::start().await;
    for (number, kind) in [
        "application/x-ndjson",
        "application/jsonl; charset=utf-8",
        "Application/X-NDJSON",
        "application/x-www-form-urlencoded",
        "",
    ]
    .into_iter()
    .enumerate()
    {
        let body = lines().replace("c-1", &format!("c-{number}"));
        let answer = app
            .request(Method::POST, "/events?wait=true")
            .header("content-type", kind)
            .body(body)
            .ask()
            .await;
        let results = answer.data()["results"].take();
        assert_eq!(
            (answer.status.as_u16(), results.as_array().unwrap().len()),
            (201, 3),
            "{kind}: {}",
            answer.text
        );
        assert_eq!(results[1]["code"], "invalid_json");
        assert_eq!(app.column(&format!("c-{number}"), "input").await, ["1", "2"]);
    }
}

#[tokio::test]
async fn a_first_line_that_is_bad_costs_only_itself_when_the_body_is_called_lines() {
    let app = App::start_writes_only().await;
    let body = format!("rubbish\n{}", event(json!({})));
    let answer = app
        .request(Method::POST, "/events")
        .header("content-type", "application/x-ndjson")
        .body(body)
        .ask()
        .await;
    let results = answer.data()["results"].take();
    assert_eq!((answer.status.as_u16(), &results[0]["code"]), (202, &json!("invalid_json")));
    assert!(results[1]["id"].is_string());
}

#[tokio::test]
async fn one_event_without_a_list_is_a_batch_of_one_line() {
    let app = App::start_writes_only().await;
    let answer = app.post("/events", event(json!({}))).await;
    assert_eq!((answer.status.as_u16(), answer.data()["results"].as_array().unwrap().len()), (202, 1));
}

#[tokio::test]
async fn bytes_that_are_no_text_cost_only_their_event() {
    let app = App::start().await;
    let (good, bad) = (event(json!({"input": "1"})).to_string(), event(json!({"input": "?"})).to_string());
    let (before, after) = bad.split_once('?').unwrap();
    let bad = [before.as_bytes(), b"\xff", after.as_bytes()].concat();
    let object = [b"{\"events\":[", good.as_bytes(), b",", &bad[..], b",", good.as_bytes(), b"]}"].concat();
    let lines = [good.as_bytes(), b"\n", &bad[..], b"\n", good.as_bytes()].concat();
    for body in [object, lines] {
        let answer = app.request(Method::POST, "/events?wait=true").body(body).ask().await;
        let results = answer.data()["results"].take();
        assert_eq!(
            (answer.status.as_u16(), &results[1]["code"]),
            (201, &json!("invalid_json")),
            "{}",
            answer.text
        );
        assert!(results[0]["id"].is_string() && results[2]["id"].is_string());
    }
    assert_eq!(app.column("c-1", "input").await, ["1", "1", "1", "1"]);
}

#[tokio::test]
async fn a_packed_batch_is_unpacked() {
    let app = App::start().await;
    let events: Vec<_> = (0..100).map(|turn| event(json!({"input": turn.to_string()}))).collect();
    let body = gzip(json!({ "events": events }).to_string().as_bytes());
    let answer = app
        .request(Method::POST, "/events?wait=true")
        .header("content-encoding", "gzip")
        .body(body)
        .ask()
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(app.conversation("c-1").await.len(), 100);
}
