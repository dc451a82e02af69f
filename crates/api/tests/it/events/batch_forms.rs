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

/// A body of three events, the one in the middle broken, in the forms that are one JSON text.
fn forms(good: &str, bad: &str) -> [String; 4] {
    [
        format!(r#"{{"events":[{good},{bad},{good}]}}"#),
        format!("{{\n  \"sent_at\": [\"now\"],\n  \"events\": [\n{good},\n{bad},\n{good}\n  ]\n}}\n"),
        format!("[{good},{bad},{good}]"),
        format!("[\n{good},\n{bad},\n{good}\n]\n"),
    ]
}

#[tokio::test]
async fn what_is_no_json_in_one_event_costs_only_that_event() {
    let app = App::start_writes_only().await;
    let good = event(json!({"input": "a \" ] } , {", "tags": ["x"]})).to_string();
    for (bad, names) in [
        (r#"{"conversation_id":"c","event_name":"event_a","latency":NaN}"#, "latency: "),
        (
            "{\"conversation_id\":\"c\",\"event_name\":\"event_a\",\"input\":\"a\tb\"}",
            "input: control character",
        ),
        (r#"{"conversation_id":"c","event_name":"event_a","input":"\x"}"#, "input: invalid escape"),
        (r#"{"conversation_id":"c","event_name":"event_a",}"#, "trailing comma"),
        (r"{'conversation_id':'c'}", "key must be a string"),
    ] {
        for body in forms(&good, bad) {
            let answer = app.post("/events", &body).await;
            let results = answer.data()["results"].take();
            assert_eq!(
                (answer.status.as_u16(), results.as_array().map(Vec::len)),
                (202, Some(3)),
                "{body}: {}",
                answer.text
            );
            assert!(results[0]["id"].is_string() && results[2]["id"].is_string(), "{body}: {}", answer.text);
            let error = results[1]["error"].as_str().unwrap();
            assert!(results[1]["code"] == "invalid_json" && error.contains(names), "{body}: {error}");
        }
    }
}

#[tokio::test]
async fn a_batch_that_breaks_off_is_refused_whole() {
    let app = App::start_writes_only().await;
    let good = event(json!({})).to_string();
    for body in forms(&good, &good) {
        let end = body.rfind('}').unwrap().min(body.rfind(']').unwrap());
        let answer = app.post("/events", &body[..end]).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["code"]),
            (400, &json!("invalid_json")),
            "{}",
            answer.text
        );
        assert!(answer.data().is_null(), "{}", answer.text);
    }
    assert_eq!(app.get("/pipeline").await.data()["lag"], 0);
}

#[tokio::test]
async fn a_list_is_a_batch_on_one_line_or_over_several_whatever_it_is_called() {
    let app = App::start().await;
    let list: Vec<_> = ["1", "2", "3"].map(|input| event(json!({"input": input}))).into();
    let lines = list.iter().map(ToString::to_string).collect::<Vec<_>>().join(",\n");
    let pretty = serde_json::to_string_pretty(&list).unwrap();
    for body in [json!(list).to_string(), format!("[{lines}]"), format!(" [\n{lines}\n]\n"), pretty] {
        for kind in ["application/json", "application/x-ndjson"] {
            let request = app.request(Method::POST, "/events").header("content-type", kind);
            let answer = request.body(body.clone()).ask().await;
            let results = answer.data()["results"].take();
            assert_eq!(
                (answer.status.as_u16(), results.as_array().map(Vec::len)),
                (202, Some(3)),
                "{body}: {}",
                answer.text
            );
        }
    }
    app.settled().await;
    assert_eq!(app.conversation("c-1").await.len(), 24);
    app.post("/events", "[]").await.refuses(400, "invalid_field", "events must hold at least one event");
}

#[tokio::test]
async fn a_byte_order_mark_is_ignored() {
    let app = App::start_writes_only().await;
    let one = event(json!({})).to_string();
    let batch = json!({"events": [event(json!({}))]}).to_string();
    for (path, body) in [
        ("/event", one.clone()),
        ("/events", batch),
        ("/events", format!("[{one}]")),
        ("/events", format!("{one}\n{one}\n")),
        ("/events", one),
    ] {
        let answer = app.post(path, format!("\u{feff}{body}")).await;
        assert_eq!(answer.status, 202, "{path} {body}: {}", answer.text);
        assert!(!answer.text.contains("error"), "{path} {body}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_packed_body_whose_encoding_got_lost_is_named() {
    let app = App::start_writes_only().await;
    let mut events = String::new();
    for turn in 0..9_000 {
        writeln!(events, "{}", event(json!({"input": (turn * 7_919).to_string()}))).unwrap();
    }
    let body = gzip(events.as_bytes());
    for (path, kind) in
        [("/event", "application/json"), ("/events", "application/json"), ("/events", "application/x-ndjson")]
    {
        let request = app.request(Method::POST, path).header("content-type", kind).body(body.clone());
        request.ask().await.refuses(
            400,
            "invalid_json",
            "invalid JSON body: it is gzip, but the request has no Content-Encoding: gzip",
        );
    }
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
