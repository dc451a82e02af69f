//! Ids and times that can't be, or that lie outside the window.

use model::{EventId, Timestamp};
use reqwest::Method;
use serde_json::json;

use crate::harness::events::{DAY_MS, ago, event, id_at, new_id};
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
async fn reads_and_updates_of_the_past_have_no_window() {
    let app = App::start().await;
    let path = format!("/event/{}", id_at(Timestamp::default()));
    app.get(&path).await.refuses(404, "not_found", "event not found");
    assert_eq!(app.put(&path, "{}").await.status, 202);
    app.put(&format!("{path}?wait=true"), "{}").await.refuses(404, "not_found", "event not found");
    app.settled().await;
}

#[tokio::test]
async fn what_lies_in_the_future_can_not_be_there_without_a_question_to_anyone() {
    // Without a table a question would be answered 503.
    let app = App::start_writes_only().await;
    for at in [ago(-DAY_MS - MINUTE_MS), Timestamp::MAX] {
        for query in ["", "?wait=true"] {
            let path = format!("/event/{}{query}", id_at(at));
            app.put(&path, "{}").await.refuses(404, "not_found", "event not found");
            app.delete(&path).await.refuses(404, "not_found", "event not found");
        }
    }
    let near = format!("/event/{}", id_at(ago(-DAY_MS + MINUTE_MS)));
    assert_eq!((app.put(&near, "{}").await.status, app.delete(&near).await.status).0, 202);
    assert_eq!(app.get("/pipeline").await.data()["lag"], 2);
}

#[tokio::test]
async fn a_delete_from_before_the_window_is_written_only_if_the_event_is_there() {
    let app = App::with(Setup {
        api: api::Config { max_event_age_days: 10, ..api::Config::default() },
        ..Setup::default()
    })
    .await;
    for at in [Timestamp::default(), ago(12 * DAY_MS)] {
        app.delete(&format!("/event/{}", id_at(at))).await.refuses(404, "not_found", "event not found");
    }
    assert_eq!(app.sql("SELECT count() FROM events").await, "0");

    // One that was taken in when the window was longer.
    let (at, now) = (ago(100 * DAY_MS), ago(0));
    let content = model::Content { conversation_id: "c-1".into(), ..model::Content::default() };
    let old = model::Event {
        tenant: model::Tenant::default(),
        id: id_at(at),
        received_at: now,
        updated_at: now,
        source: model::Source::Native,
        content,
    };
    let path = format!("/event/{}", old.id);
    app.publish(&model::Operation::Create(Box::new(old))).await;
    app.settled().await;
    assert_eq!(app.delete(&path).await.status, 202);
    app.settled().await;
    app.get(&path).await.refuses(404, "not_found", "event not found");
    app.delete(&path).await.refuses(404, "not_found", "event not found");
}

#[tokio::test]
async fn an_id_and_a_timestamp_must_agree_to_the_millisecond() {
    let app = App::start_writes_only().await;
    let (at, id) = (ago(5_000), id_at(ago(5_000)));
    let at = model::Timestamp::from_millis(at.millis().min(id.created_at().millis())).unwrap();
    let id = if id.created_at() == at { id } else { id_at(at) };
    for same in [at.to_string(), at.to_string().replace('Z', "999Z"), at.to_string().replace('Z', "+00:00")] {
        let sent = event(json!({"id": id.to_string(), "timestamp": same}));
        assert_eq!(app.post("/event", sent).await.id(), id.to_string());
    }
    let other = Timestamp::from_millis(at.millis() + 1).unwrap();
    let sent = event(json!({"id": id.to_string(), "timestamp": other.to_string()}));
    let words = format!("timestamp must be that of the id, {at}, or absent");
    app.post("/event", &sent).await.refuses(400, "invalid_field", &words);
    let batch = app.post("/events", json!({"events": [sent]})).await;
    assert_eq!(batch.data()["results"][0]["error"], words);
}

#[tokio::test]
async fn a_message_id_and_a_timestamp_make_the_id_of_a_create() {
    let app = App::start().await;
    let at = ago(5_000).to_string();
    let order = |more: serde_json::Value| {
        let mut sent = event(json!({"message_id": "order-4711", "timestamp": at}));
        sent.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        sent
    };
    let id = app.create(&order(json!({"input": "first"}))).await;
    assert_eq!(app.create(&order(json!({"input": "again"}))).await, id);
    let created = app.event(&id).await;
    assert_eq!(
        (&created["message_id"], &created["input"], &created["created_at"]),
        (&json!("order-4711"), &json!("first"), &json!(at))
    );
    assert_eq!(app.column("c-1", "message_id").await, ["order-4711"]);
    for other in [json!({"message_id": "order-4712"}), json!({"timestamp": ago(6_000).to_string()})] {
        assert_ne!(app.create(&order(other)).await, id);
    }
    let elsewhere = app.tenant("acme").create(&order(json!({}))).await;
    assert_ne!(elsewhere, id);
    // Created as it was returned, it is the same event.
    assert_eq!(app.create(&order(json!({"id": id}))).await, id);
    // Sent back as it was returned, it changes nothing.
    assert_eq!(app.put(&format!("/event/{id}?wait=true"), json!({"message_id": "x"})).await.status, 200);
    assert_eq!(app.event(&id).await["message_id"], "order-4711");

    let refusals = [
        (
            event(json!({"message_id": "m"})),
            "message_id must be sent with a timestamp: the id is derived from both",
        ),
        (
            order(json!({"id": new_id()})),
            "message_id must be absent beside an id, or the one that the id was derived from",
        ),
        (order(json!({"message_id": ""})), "message_id must be 1 to 1024 bytes"),
    ];
    for (sent, words) in refusals {
        app.post("/event", sent).await.refuses(400, "invalid_field", words);
    }
}
