//! `?wait`: an answer that comes once the write is visible.

use std::time::{Duration, Instant};

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};
use testing::wait::until;
use tokio::net::TcpListener;

use crate::harness::events::{DAY_MS, ago, event, id_at, new_id};
use crate::harness::{App, Ask, PATIENCE, Part, Setup};

/// Nothing that is written here ever becomes visible.
async fn without_consumer() -> App {
    App::with(Setup { without: &[Part::Consumer], ..Setup::default() }).await
}

/// From now on the table refuses events with this input.
async fn refuse(app: &App, input: &str) {
    app.sql(&format!("ALTER TABLE events ADD CONSTRAINT refused CHECK input != '{input}'")).await;
}

#[tokio::test]
async fn a_write_that_is_answered_can_be_read() {
    let app = App::start().await;
    let created = app.post("/event?wait=true", event(json!({"input": "1"}))).await;
    assert_eq!((created.status.as_u16(), &created.json()["message"]), (201, &json!("event created")));
    let path = format!("/event/{}", created.id());
    assert_eq!(app.event(&created.id()).await["input"], "1");

    for number in 2..20 {
        let updated = app.put(&format!("{path}?wait=5s"), json!({"input": number.to_string()})).await;
        assert_eq!((updated.status.as_u16(), &updated.json()["message"]), (200, &json!("event updated")));
        assert_eq!(app.column("c-1", "input").await, [number.to_string()]);
    }

    let deleted = app.delete(&format!("{path}?wait=30000ms")).await;
    assert_eq!((deleted.status.as_u16(), &deleted.json()["message"]), (200, &json!("event deleted")));
    app.get(&path).await.refuses(404, "not_found", "event not found");

    let batch = app.post("/events?wait=30", json!({"events": [event(json!({})), {}]})).await;
    assert_snapshot!(batch.shown(), @r#"201 {"success":true,"message":"events created","data":{"results":[{"id":"[id]"},{"error":"conversation_id is required","code":"missing_field"}]},"request_id":"test"}"#);
    assert_eq!(app.conversation("c-1").await.len(), 1);
}

#[tokio::test]
async fn a_delete_right_behind_its_create_finds_the_event() {
    let app = App::start().await;
    for _ in 0..20 {
        let path = format!("/event/{}", app.post("/event", event(json!({}))).await.id());
        assert_eq!(app.delete(&format!("{path}?wait=true")).await.status, 200);
        assert_eq!(app.get(&path).await.status, 404);
    }
}

#[tokio::test]
async fn the_answers_data_is_that_of_an_answer_without_waiting() {
    let app = App::start().await;
    let queued = app.post("/event", event(json!({}))).await;
    let path = format!("/event/{}", queued.id());
    app.settled().await;
    let updated = app.put(&format!("{path}?wait=true"), "{}").await;
    let deleted = app.delete(&format!("{path}?wait=true")).await;
    for (offset, answer) in [(1, updated), (2, deleted)] {
        let expected = json!({"id": queued.id(), "partition": queued.data()["partition"], "offset": offset});
        assert_eq!(answer.data(), expected);
    }
}

#[tokio::test]
async fn an_update_or_delete_of_what_is_not_there_is_a_404() {
    let app = App::start().await;
    let never = format!("/event/{}?wait=true", new_id());
    let deleted = format!("/event/{}?wait=true", app.create(&event(json!({}))).await);
    assert_eq!(app.delete(&deleted).await.status, 200);
    for path in [never, deleted] {
        app.put(&path, json!({"input": "x"})).await.refuses(404, "not_found", "event not found");
        app.delete(&path).await.refuses(404, "not_found", "event not found");
    }
}

#[tokio::test]
async fn a_delete_of_what_is_not_there_is_not_written() {
    let app = App::start().await;
    let id = new_id();
    app.delete(&format!("/event/{id}?wait=true")).await.refuses(404, "not_found", "event not found");
    app.create(&event(json!({"id": id}))).await;
}

#[tokio::test]
async fn a_create_whose_id_was_deleted_is_a_409() {
    let app = App::start().await;
    let sent = event(json!({"id": new_id()}));
    let id = app.create(&sent).await;
    assert_eq!(app.delete(&format!("/event/{id}?wait=true")).await.status, 200);
    let words = "an event with this id was deleted: its id stays deleted";
    app.post("/event?wait=true", &sent).await.refuses(409, "deleted", words);

    let batch = app.post("/events?wait=true", json!({"events": [sent, event(json!({}))]})).await;
    assert_eq!(batch.status, 201);
    assert_eq!(batch.data()["results"][0], json!({"error": words, "code": "deleted"}));
    assert!(batch.data()["results"][1]["id"].is_string());
    let alone = app.post("/events?wait=true", json!({"events": [sent]})).await;
    alone.refuses(400, "invalid_field", "no event of the batch could be taken in: see the results");
    assert_eq!(alone.data()["results"], json!([{"error": words, "code": "deleted"}]));
}

#[tokio::test]
async fn a_create_that_the_table_refuses_is_a_422_and_a_dead_letter() {
    let app = App::start().await;
    refuse(&app, "poison").await;
    let poison = event(json!({"input": "poison"}));
    let words = "the event was taken in, but could not be stored: it is among the dead letters";
    app.post("/event?wait=true", &poison).await.refuses(422, "dead_lettered", words);
    assert_eq!(app.get("/pipeline").await.data()["dead_letters"], 1);

    let good = event(json!({}));
    let batch = app.post("/events?wait=true", json!({"events": [good, poison, good]})).await;
    assert_eq!(batch.status, 201);
    assert_eq!(batch.data()["results"][1], json!({"error": words, "code": "dead_lettered"}));
    assert_eq!(app.conversation("c-1").await.len(), 2);
    let alone = app.post("/events?wait=true", json!({"events": [poison, poison]})).await;
    alone.refuses(400, "invalid_field", "no event of the batch could be taken in: see the results");
    assert_eq!(alone.data()["results"][1], json!({"error": words, "code": "dead_lettered"}));
    assert_eq!(app.get("/pipeline").await.data()["dead_letters"], 4);
}

#[tokio::test]
async fn an_update_that_the_table_refuses_is_a_422_and_leaves_the_event_as_it_was() {
    let app = App::start().await;
    refuse(&app, "poison").await;
    let id = app.create(&event(json!({"input": "good"}))).await;
    let words = "the event was taken in, but could not be stored: it is among the dead letters";
    let refused = app.put(&format!("/event/{id}?wait=true"), json!({"input": "poison", "output": "x"})).await;
    refused.refuses(422, "dead_lettered", words);
    let event = app.event(&id).await;
    assert_eq!((&event["input"], &event["output"]), (&json!("good"), &json!("")));
    assert_eq!(app.put(&format!("/event/{id}?wait=true"), json!({"output": "y"})).await.status, 200);
    assert_eq!(app.event(&id).await["output"], "y");
}

#[tokio::test]
async fn when_the_time_runs_out_the_answer_is_as_usual() {
    let app = without_consumer().await;
    let begun = Instant::now();
    let created = app.post("/event?wait=100ms", event(json!({}))).await;
    assert!(begun.elapsed() >= Duration::from_millis(100));
    assert_eq!((created.status.as_u16(), &created.json()["message"]), (202, &json!("event creation queued")));
    let path = format!("/event/{}", created.id());
    let updated = app.put(&format!("{path}?wait=50ms"), "{}").await;
    assert_eq!((updated.status.as_u16(), &updated.json()["message"]), (202, &json!("event update queued")));
    let batch = app.post("/events?wait=50ms", json!({"events": [event(json!({})), {}]})).await;
    assert_eq!((batch.status.as_u16(), &batch.json()["message"]), (202, &json!("event creation queued")));
    assert!(batch.data()["results"][0]["id"].is_string());
    assert_eq!(app.post("/event?wait=0s", event(json!({}))).await.status, 202);
    // The event may be on its way.
    let deleted = app.delete(&format!("{path}?wait=50ms")).await;
    assert_eq!((deleted.status.as_u16(), &deleted.json()["message"]), (202, &json!("event deletion queued")));
    assert_eq!(app.get("/pipeline").await.data()["lag"], 5);
}

#[tokio::test]
async fn a_delete_whose_time_ran_out_is_queued() {
    let mut app = App::start().await;
    let id = app.create(&event(json!({}))).await;
    app.stop_consumer().await;
    let deleted = app.delete(&format!("/event/{id}?wait=50ms")).await;
    assert_eq!((deleted.status.as_u16(), &deleted.json()["message"]), (202, &json!("event deletion queued")));
    assert_eq!(deleted.id(), id);
}

#[tokio::test]
async fn without_the_table_a_waiting_write_is_queued() {
    let app = App::start_writes_only().await;
    assert_eq!(app.post("/event?wait=50ms", event(json!({}))).await.status, 202);
}

#[tokio::test]
async fn nobody_waits_unless_asked_to() {
    let app = without_consumer().await;
    for query in ["", "?wait=false", "?wait=0"] {
        let begun = Instant::now();
        assert_eq!(app.post(&format!("/event{query}"), event(json!({}))).await.status, 202);
        assert!(begun.elapsed() < Duration::from_secs(5), "{query}");
    }
}

#[tokio::test]
async fn a_wait_that_is_none_is_refused_before_anything_is_written() {
    let app = App::start_writes_only().await;
    let words = "wait must be true, false or a time of at most 30s, such as 5s or 500ms";
    let (one, many) = (event(json!({})), json!({"events": [event(json!({}))]}));
    let path = format!("/event/{}", new_id());
    for wait in ["soon", "31s", "30001ms", "-1s", "1h", "1.5s", "s", "ms", "99999999999999999999s", "TRUE"] {
        for (method, path, body) in [
            (Method::POST, "/event", one.to_string()),
            (Method::POST, "/events", many.to_string()),
            (Method::PUT, &path, "{}".into()),
            (Method::DELETE, &path, String::new()),
        ] {
            let answer = app.request(method, &format!("{path}?wait={wait}")).body(body).ask().await;
            answer.refuses(400, "invalid_field", words);
        }
    }
    assert_eq!(app.get("/pipeline").await.data()["lag"], 0);
}

#[tokio::test]
async fn many_may_wait_at_once() {
    let app = App::start().await;
    let waiting: Vec<_> = (0..100).map(|_| event(json!({}))).collect();
    let created = futures_util::future::join_all(waiting.iter().map(|event| app.create(event))).await;
    let mut found: Vec<Value> = app.column("c-1", "id").await;
    assert_eq!(found.len(), 100);
    found.retain(|id| created.iter().any(|other| id == other));
    assert_eq!(found.len(), 100);
}

/// With a table that takes questions and never answers.
async fn with_a_silent_table(api: api::Config) -> (App, TcpListener) {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let in_place_of_clickhouse = Some(silent.local_addr().unwrap());
    let without = &[Part::Consumer, Part::ClickHouse];
    (App::with(Setup { api, without, in_place_of_clickhouse, ..Setup::default() }).await, silent)
}

/// Of before `MAX_EVENT_AGE_DAYS`: it is only deleted if it is in the table.
fn old_id() -> String {
    id_at(ago(4_000 * DAY_MS)).to_string()
}

#[tokio::test]
async fn a_delete_of_an_old_id_asks_no_longer_than_it_may_wait_and_is_not_written_then() {
    let (app, _silent) = with_a_silent_table(api::Config::default()).await;
    let begun = Instant::now();
    let deleted = app.delete(&format!("/event/{}?wait=300ms", old_id())).await;
    // An answer of the table may take 30 seconds.
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    deleted.invites_a_retry();
    assert_eq!(app.records().await.len(), 0);
}

#[tokio::test]
async fn deletes_of_old_ids_that_wait_for_the_table_leave_the_places_of_writes_to_others() {
    let (app, _silent) =
        with_a_silent_table(api::Config { max_in_flight: 1, max_reads: 1, ..api::Config::default() }).await;
    let asks = app.request(Method::DELETE, &format!("/event/{}", old_id()));
    let asking = tokio::spawn(asks.send());
    until("it is a read", PATIENCE, async || app.get("/event/none").await.status == 503).await;
    assert_eq!(app.post("/event", event(json!({}))).await.status, 202);
    asking.abort();
}

#[tokio::test]
async fn all_that_a_delete_asks_for_shares_the_time_it_may_wait() {
    let (app, _silent) = with_a_silent_table(api::Config::default()).await;
    let begun = Instant::now();
    let deleted = app.delete(&format!("/event/{}?wait=300ms", new_id())).await;
    assert_eq!((deleted.status.as_u16(), &deleted.json()["message"]), (202, &json!("event deletion queued")));
    // An answer of the table may take 30 seconds.
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}
