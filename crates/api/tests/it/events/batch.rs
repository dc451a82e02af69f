//! `POST /events`: what is wrong with one event costs only that event.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::harness::events::{ago, event, new_id};
use crate::harness::{App, Part, Setup};

#[tokio::test]
async fn three_bad_events_of_ten_cost_only_themselves() {
    let app = App::start().await;
    let at = ago(1_000).to_string();
    let mut events: Vec<_> =
        (0..10).map(|turn| event(json!({"input": turn.to_string(), "timestamp": at}))).collect();
    events[2] = json!({"event_name": "event_a"});
    events[5] = event(json!({"latency": "fast"}));
    events[9] = json!(["not", "an", "event"]);

    let answer = app.post("/events", json!({ "events": events })).await;
    assert_snapshot!(answer.shown(), @r#"202 {"success":true,"message":"event creation queued","data":{"results":[{"id":"[id]"},{"id":"[id]"},{"error":"conversation_id is required","code":"missing_field"},{"id":"[id]"},{"id":"[id]"},{"error":"invalid JSON body: latency: invalid type: string \"fast\", expected f64 at line 1 column 64","code":"invalid_field"},{"id":"[id]"},{"id":"[id]"},{"id":"[id]"},{"error":"invalid JSON body: expected an object, not a list","code":"invalid_field"}]},"request_id":"test"}"#);

    app.settled().await;
    assert_eq!(app.column("c-1", "input").await, ["0", "1", "3", "4", "6", "7", "8"]);
    let taken = answer.data()["results"].take();
    let taken: Vec<_> =
        taken.as_array().unwrap().iter().filter_map(|result| result.get("id")).cloned().collect();
    assert_eq!(app.column("c-1", "id").await, taken);
    assert_eq!(app.sql("SELECT count() FROM events FINAL").await, "7");
}

#[tokio::test]
async fn events_of_a_batch_keep_their_order() {
    let app = App::start().await;
    let events: Vec<_> = (0..500).map(|turn| event(json!({"input": turn.to_string()}))).collect();
    let ids = app.create_all(&events).await;
    assert_eq!(app.column("c-1", "id").await, ids);
    let turns: Vec<_> = (0..500).map(|turn| turn.to_string()).collect();
    assert_eq!(app.column("c-1", "input").await, turns);
}

#[tokio::test]
async fn a_batch_of_bad_events_alone_is_refused_with_the_reason_of_each() {
    let app = App::start_writes_only().await;
    let answer = app
        .post("/events", json!({"events": [{}, 7, null, {"conversation_id": "c", "event_name": "x"}]}))
        .await;
    assert_snapshot!(answer.shown(), @r#"400 {"success":false,"data":{"results":[{"error":"conversation_id is required","code":"missing_field"},{"error":"invalid JSON body: invalid type: integer `7`, expected an object at line 1 column 1","code":"invalid_field"},{"error":"invalid JSON body: invalid type: null, expected an object at line 1 column 4","code":"invalid_field"},{"error":"event_name must be one of: event_a, event_b, event_c","code":"invalid_field"}]},"error":"no event of the batch could be taken in: see the results","code":"invalid_field","request_id":"test"}"#);
    assert_eq!(app.get("/pipeline").await.data()["lag"], 0);
}

#[tokio::test]
async fn a_batch_without_events_is_refused() {
    let app = App::start_writes_only().await;
    let empty = app.post("/events", r#"{"events":[]}"#).await;
    empty.refuses(400, "invalid_field", "events must hold at least one event");
    assert_snapshot!(app.post("/events", "").await.shown(), @r#"400 {"success":false,"error":"invalid JSON body: EOF while parsing a value at line 1 column 0","code":"invalid_json","request_id":"test"}"#);
    assert_snapshot!(app.post("/events", "{}").await.shown(), @r#"400 {"success":false,"data":{"results":[{"error":"conversation_id is required","code":"missing_field"}]},"error":"no event of the batch could be taken in: see the results","code":"invalid_field","request_id":"test"}"#);
    assert_snapshot!(app.post("/events", r#"{"events":null}"#).await.shown(), @r#"400 {"success":false,"data":{"results":[{"error":"conversation_id is required","code":"missing_field"}]},"error":"no event of the batch could be taken in: see the results","code":"invalid_field","request_id":"test"}"#);
}

#[tokio::test]
async fn a_body_that_is_no_batch_is_refused() {
    let app = App::start_writes_only().await;
    let mut lines = Vec::new();
    for body in [
        "rubbish",
        "[]",
        "null",
        "7",
        r#"{"events":7}"#,
        r#"{"events":{}}"#,
        r#"{"events":[{]}"#,
        r#"{"events":["#,
    ] {
        let answer = app.post("/events", body).await;
        assert_eq!(answer.status, 400, "{body}");
        let json = answer.json();
        lines.push(format!(
            "{body:20} {}: {}",
            json["code"].as_str().unwrap(),
            json["error"].as_str().unwrap()
        ));
    }
    assert_snapshot!(lines.join("\n"), @r#"
    rubbish              invalid_json: invalid JSON body: expected value at line 1 column 1
    []                   invalid_field: events must hold at least one event
    null                 invalid_field: invalid JSON body: invalid type: null, expected an object at line 1 column 4
    7                    invalid_field: invalid JSON body: invalid type: integer `7`, expected an object at line 1 column 1
    {"events":7}         invalid_field: invalid JSON body: events: invalid type: integer `7`, expected a sequence at line 1 column 11
    {"events":{}}        invalid_field: invalid JSON body: events: invalid type: map, expected a sequence at line 1 column 10
    {"events":[{]}       invalid_json: invalid JSON body: events[0]: key must be a string at line 1 column 13
    {"events":[          invalid_json: invalid JSON body: events: EOF while parsing a list at line 1 column 11
    "#);
    assert_eq!(app.get("/pipeline").await.data()["lag"], 0);
}

#[tokio::test]
async fn a_batch_holds_at_most_five_thousand_events() {
    let app = App::start_writes_only().await;
    let events = |count| json!({ "events": vec![event(json!({})); count] });
    let answer = app.post("/events", events(5_001)).await;
    answer.refuses(413, "too_large", "a batch holds at most 5000 events, this one has 5001");
    assert_eq!(app.get("/pipeline").await.data()["lag"], 0);

    let answer = app.post("/events", events(5_000)).await;
    assert_eq!(answer.status, 202);
    assert_eq!(answer.data()["results"].as_array().unwrap().len(), 5_000);
    assert_eq!(app.get("/pipeline").await.data()["lag"], 5_000);
}

#[tokio::test]
async fn an_id_that_is_in_a_batch_twice_is_one_event() {
    let app = App::start().await;
    let id = new_id();
    let twice = ["first", "second"].map(|input| event(json!({"id": id, "input": input})));
    assert_eq!(app.create_all(&twice).await, [&id[..], &id]);
    assert_eq!(app.column("c-1", "input").await, ["first"]);
}

#[tokio::test]
async fn every_check_of_a_single_event_is_made_for_each_of_a_batch() {
    let app = App::start_writes_only().await;
    let at = |millis| event(json!({"timestamp": ago(millis).to_string()}));
    let id = new_id();
    let of_version_4 = format!("{}4{}", &id[..14], &id[15..]);
    let bad = [
        event(json!({"event_name": "event_d"})),
        event(json!({"event_name": ""})),
        event(json!({"conversation_id": ""})),
        event(json!({"latency": -1})),
        event(json!({"tags": [1]})),
        event(json!({"id": "1"})),
        event(json!({"id": of_version_4})),
        at(-90_000_000),
        at(4_000 * 86_400_000),
    ];
    let mut singly = Vec::new();
    for event in &bad {
        let json = app.post("/event", event).await.json();
        singly.push(json!({"error": json["error"], "code": json["code"]}));
    }
    let answer = app.post("/events", json!({ "events": bad })).await;
    assert_eq!((answer.status.as_u16(), answer.data()), (400, json!({ "results": singly })));
}

#[tokio::test]
async fn an_event_too_large_for_the_topic_costs_only_itself() {
    let app = App::start_writes_only().await;
    let events = [event(json!({})), event(json!({"input": "x".repeat(3 << 20)})), event(json!({}))];
    let answer = app.post("/events", json!({ "events": events })).await;
    let results = answer.data()["results"].take();
    assert_eq!((answer.status.as_u16(), &results[1]["code"]), (202, &json!("too_large")));
    assert!(results[1]["error"].as_str().unwrap().ends_with("is larger than the topic takes"));
    assert!(results[0]["id"].is_string() && results[2]["id"].is_string());
}

#[tokio::test]
async fn a_log_that_takes_only_some_events_is_a_503_that_says_which() {
    let mut setup = Setup { without: &[Part::Consumer, Part::ClickHouse], ..Setup::default() };
    setup.log.max_queued_bytes = 1;
    let app = App::with(setup).await;
    let events: Vec<Value> = (0..100).map(|_| event(json!({"input": "x".repeat(10_000)}))).collect();
    let answer = app.post("/events", json!({ "events": events })).await;
    answer.invites_a_retry();
    assert_eq!(answer.json()["error"], "not all events could be taken in: see the results");
    let results = answer.data()["results"].take();
    let (taken, refused): (Vec<_>, Vec<_>) =
        results.as_array().unwrap().iter().partition(|one| one["error"].is_null());
    assert!(!taken.is_empty() && refused.len() + taken.len() == 100);
    assert!(
        refused.iter().all(|one| one["code"] == "unavailable" && one["error"].is_string()),
        "{refused:?}"
    );
    assert_eq!(app.get("/pipeline").await.data()["lag"], taken.len());
}
