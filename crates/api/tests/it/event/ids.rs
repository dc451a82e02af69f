//! Ids and times that can't be, or that lie outside the window.

use model::{EventId, Timestamp};
use reqwest::Method;
use serde_json::json;

use crate::harness::events::{DAY_MS, ago, event, id_at};
use crate::harness::{App, Ask, Part, Setup};

const MINUTE_MS: i64 = 60_000;

/// Texts that are no ids: of another version or variant, of no time, of another form.
const IMPOSSIBLE: [&str; 9] = [
    "019aa2b1-c3d4-4e5f-8a9b-0c1d2e3f4a5b",
    "019aa2b1-c3d4-1e5f-8a9b-0c1d2e3f4a5b",
    "019aa2b1-c3d4-7e5f-0a9b-0c1d2e3f4a5b",
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    "ffffffff-ffff-7fff-bfff-ffffffffffff",
    "019aa2b1c3d47e5f8a9b0c1d2e3f4a5b",
    "1",
    "not-an-id",
];

#[tokio::test]
async fn an_impossible_id_is_a_400_as_the_id_of_a_create() {
    let app = App::start_writes_only().await;
    for id in IMPOSSIBLE.into_iter().chain([""]) {
        let answer = app.post("/event", event(json!({"id": id}))).await;
        let json = answer.json();
        let error = json["error"].as_str().unwrap();
        assert!(error.starts_with("id must be a UUID of version 7 or 8"), "{id}: {error}");
        assert_eq!((answer.status.as_u16(), &json["code"]), (400, &json!("invalid_field")), "{id}");
    }
    assert_eq!(app.get("/pipeline").await.data()["lag"], 0);
}

#[tokio::test]
async fn an_impossible_id_is_a_404_everywhere_else_without_a_question_to_anyone() {
    // Without a table a question would be answered 503.
    let app = App::start_writes_only().await;
    for id in IMPOSSIBLE.into_iter().chain(["%20", "%ff", "a%2Fb", "ü"]) {
        let path = format!("/event/{id}");
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let answer = app.request(method, &path).body("{}").ask().await;
            answer.refuses(404, "not_found", "event not found");
        }
    }
    assert_eq!(app.get("/pipeline").await.data()["lag"], 0);
}

#[tokio::test]
async fn an_id_of_version_8_or_in_capitals_is_an_id() {
    let app = App::start().await;
    let tenant = model::Tenant::default();
    let derived = EventId::derive(&tenant, model::Source::Native, "m-1", ago(0)).to_string();
    assert_eq!(app.create(&event(json!({"id": derived.to_uppercase()}))).await, derived);
    assert_eq!(app.event(&derived.to_uppercase()).await["id"], derived);
}

#[tokio::test]
async fn an_id_or_timestamp_of_a_create_must_lie_in_the_window() {
    let app = App::start_writes_only().await;
    let window = "between 3650 days ago and one day ahead";
    for (millis, inside) in [
        (3_650 * DAY_MS - MINUTE_MS, true),
        (3_650 * DAY_MS + MINUTE_MS, false),
        (-DAY_MS + MINUTE_MS, true),
        (-DAY_MS - MINUTE_MS, false),
    ] {
        let at = ago(millis);
        let by_time = app.post("/event", event(json!({"timestamp": at.to_string()}))).await;
        let by_id = app.post("/event", event(json!({"id": id_at(at).to_string()}))).await;
        if inside {
            assert_eq!((by_time.status.as_u16(), by_id.status.as_u16()), (202, 202), "{at}");
        } else {
            by_time.refuses(400, "invalid_field", &format!("timestamp must be {window}"));
            by_id.refuses(400, "invalid_field", &format!("id must be a UUID whose time is {window}"));
        }
    }
}

#[tokio::test]
async fn a_timestamp_that_is_no_time_is_refused() {
    let app = App::start_writes_only().await;
    for text in [
        "",
        "today",
        "2026-11-20",
        "2026-02-30T00:00:00Z",
        "2026-11-20T00:00:00",
        "1763676000",
        "9999-01-01T00:00:00Z",
    ] {
        let answer = app.post("/event", event(json!({"timestamp": text}))).await;
        let expected = "timestamp must be an RFC 3339 time such as 2026-11-20T21:57:13.123Z";
        answer.refuses(400, "invalid_field", expected);
    }
    let number = app.post("/event", event(json!({"timestamp": 1_763_676_000}))).await;
    assert!(number.json()["error"].as_str().unwrap().starts_with("invalid JSON body: timestamp: "));
}

#[tokio::test]
async fn the_windows_length_is_a_setting() {
    let app = App::with(Setup {
        api: api::Config { max_event_age_days: 1, ..api::Config::default() },
        without: &[Part::Consumer, Part::ClickHouse],
        ..Setup::default()
    })
    .await;
    let at = |millis| event(json!({"timestamp": ago(millis).to_string()}));
    assert_eq!(app.post("/event", at(DAY_MS - MINUTE_MS)).await.status, 202);
    let refused = app.post("/event", at(DAY_MS + MINUTE_MS)).await;
    refused.refuses(400, "invalid_field", "timestamp must be between 1 days ago and one day ahead");
}

#[tokio::test]
async fn reads_updates_and_deletes_have_no_window() {
    let app = App::start().await;
    for at in [Timestamp::default(), Timestamp::MAX] {
        let path = format!("/event/{}", id_at(at));
        app.get(&path).await.refuses(404, "not_found", "event not found");
        assert_eq!(app.put(&path, "{}").await.status, 202);
        assert_eq!(app.delete(&path).await.status, 202);
        app.put(&format!("{path}?wait=true"), "{}").await.refuses(404, "not_found", "event not found");
    }
    app.settled().await;
}
