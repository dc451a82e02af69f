//! More than can be taken at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bus::log::Options;
use futures_util::stream;
use model::Timestamp;
use reqwest::Method;
use serde_json::json;
use testing::wait::until;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, oneshot};
use tokio::time::timeout;

use crate::harness::events::{event, new_id};
use crate::harness::socket::{body_of, request, write_then_read};
use crate::harness::{Answer, App, Ask, PATIENCE, Part, Setup};
use crate::limits::gzip;

/// So many writes, reads and streams at once.
async fn with_room_for(most: usize) -> App {
    let api =
        api::Config { max_in_flight: most, max_reads: most, max_streams: most, ..api::Config::default() };
    App::with(Setup { api, without: &[Part::Consumer, Part::ClickHouse], ..Setup::default() }).await
}

fn refuses_for_now(answer: &Answer) {
    answer.invites_a_retry();
    assert_eq!(answer.json()["error"], "too many requests are in flight, please retry");
}

#[tokio::test]
async fn beyond_the_limit_every_request_but_those_about_health_invites_a_retry() {
    let app = with_room_for(0).await;
    let path = format!("/event/{}", new_id());
    for answer in [
        app.post("/event", event(json!({}))).await,
        app.post("/events", json!({"events": [event(json!({}))]})).await,
        app.put(&path, "{}").await,
        app.delete(&path).await,
        app.get(&path).await,
        app.get("/events/conversation/c-1").await,
        app.get("/analytics/errors?event_name=event_a").await,
        app.get("/analytics/latency").await,
        app.get("/analytics/sessions/top-errors").await,
    ] {
        refuses_for_now(&answer);
    }
    for path in ["/health", "/ping", "/pipeline", "/metrics"] {
        assert_eq!(app.get(path).await.status, 200, "{path}");
    }
    app.get("/nowhere").await.refuses(404, "not_found", "no such route");
    app.get("/event").await.refuses(405, "method_not_allowed", "method not allowed");
    assert_eq!(app.get("/ready").await.data()["kafka"], "ok");
    assert_eq!(app.get("/pipeline").await.data()["lag"], 0);
}

#[tokio::test]
async fn a_client_that_writes_all_before_it_reads_gets_to_read_the_invitation() {
    let app = with_room_for(0).await;
    let answer = write_then_read(app.address, request("POST /events HTTP/1.1", 9 << 20)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after: 1"), "{answer}");
}

#[tokio::test]
async fn a_slow_body_takes_up_room_until_it_has_come() {
    let app = with_room_for(1).await;
    let body = event(json!({})).to_string().into_bytes();
    let (release, released) = oneshot::channel::<()>();
    let pieces = stream::unfold(Some((body, released)), async |left| {
        let (body, released) = left?;
        if body.first() == Some(&b'{') {
            return Some((vec![b'{'], Some((body[1..].to_vec(), released))));
        }
        released.await.unwrap();
        Some((body, None))
    });
    let slow = tokio::spawn(app.request(Method::POST, "/event").body(body_of(pieces)).ask());
    let no_event = "/event/none";
    until("the slow request is in flight", PATIENCE, async || app.put(no_event, "{}").await.status == 503)
        .await;
    refuses_for_now(&app.post("/event", event(json!({}))).await);
    assert_eq!(app.get("/health").await.status, 200);

    release.send(()).unwrap();
    assert_eq!(slow.await.unwrap().status, 202);
    until("there is room again", PATIENCE, async || app.put(no_event, "{}").await.status == 404).await;
    assert_eq!(app.post("/event", event(json!({}))).await.status, 202);
    assert_eq!(app.get("/pipeline").await.data()["lag"], 2);
}

#[tokio::test]
async fn an_answer_that_is_not_read_takes_up_room() {
    let api = api::Config { max_streams: 1, ..api::Config::default() };
    let app = App::with(Setup { api, ..Setup::default() }).await;
    // More than a connection holds on its way.
    for _ in 0..3 {
        app.create_all(&vec![event(json!({"input": "x".repeat(50_000)})); 100]).await;
    }
    let answer = reqwest::get(app.url("/events/conversation/c-1")).await.unwrap();
    assert_eq!(answer.status(), 200);
    let other = "/events/conversation/c-2";
    refuses_for_now(&app.get(other).await);
    assert_eq!(app.get("/event/none").await.status, 404);
    assert!(answer.text().await.unwrap().len() > 300 * 50_000);
    until("there is room again", PATIENCE, async || app.get(other).await.status == 200).await;
}

/// The head of a create whose body never comes.
fn no_body(length: &str) -> String {
    format!("POST /event HTTP/1.1\r\nHost: localhost\r\n{length}\r\n\r\n")
}

#[tokio::test]
async fn clients_that_announce_bodies_and_send_none_refuse_nobody() {
    let api = api::Config { max_bodies_bytes: 20 << 20, ..api::Config::default() };
    let app =
        App::with(Setup { api, without: &[Part::Consumer, Part::ClickHouse], ..Setup::default() }).await;
    let mut idle = Vec::new();
    for length in [vec!["Transfer-Encoding: chunked"; 40], vec!["Content-Length: 1000000"; 12]].concat() {
        let mut stream = TcpStream::connect(app.address).await.unwrap();
        stream.write_all(no_body(length).as_bytes()).await.unwrap();
        idle.push(stream);
    }
    let one = event(json!({"input": "x".repeat(100_000)}));
    for _ in 0..100 {
        assert_eq!(app.post("/event", &one).await.status, 202);
    }
    for stream in &mut idle {
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains(r#""code":"timeout""#), "{answer}");
    }
}

#[tokio::test]
async fn bombs_are_refused_or_invite_a_retry_and_leave_room_for_others() {
    let (max_batch_body_bytes, max_bodies_bytes) = (8 << 20, 16 << 20);
    let api = api::Config { max_batch_body_bytes, max_bodies_bytes, ..api::Config::default() };
    let app =
        App::with(Setup { api, without: &[Part::Consumer, Part::ClickHouse], ..Setup::default() }).await;
    let bomb = gzip(&vec![b' '; 10 << 20]);
    let throw = || async {
        let bomb = app.request(Method::POST, "/events").header("content-encoding", "gzip").body(bomb.clone());
        bomb.ask().await
    };
    for answer in futures_util::future::join_all((0..600).map(|_| throw())).await {
        match answer.status.as_u16() {
            413 => answer.refuses(413, "too_large", "the body is larger than 8388608 bytes"),
            _ => answer.invites_a_retry(),
        }
    }
    assert_eq!(app.post("/events", json!({"events": [event(json!({}))]})).await.status, 202);
}

#[tokio::test]
async fn writes_that_wait_leave_their_places_to_others() {
    let api = api::Config { max_in_flight: 1, max_waiting: 2, ..api::Config::default() };
    let app = Arc::new(
        App::with(Setup { api, without: &[Part::Consumer, Part::ClickHouse], ..Setup::default() }).await,
    );
    let one = event(json!({}));
    for sent in 1..=2 {
        let (app, one) = (Arc::clone(&app), one.clone());
        let waits = app.clone();
        tokio::spawn(async move { waits.post("/event?wait=30s", one).await });
        until("the write is sent", PATIENCE, async || app.get("/pipeline").await.data()["lag"] == sent).await;
        until("there is room", PATIENCE, async || app.put("/event/none", "{}").await.status == 404).await;
    }
    assert_eq!(app.post("/event", &one).await.status, 202);
    // There is no room for a third to wait: each of these would take 30 seconds.
    let begun = Instant::now();
    assert_eq!(app.post("/event?wait=30s", &one).await.status, 202);
    assert_eq!(app.post("/events?wait=30s", json!({"events": [one]})).await.status, 202);
    let id = format!("/event/{}?wait=30s", new_id());
    assert_eq!(app.put(&id, "{}").await.status, 202);
    assert_eq!(app.delete(&id).await.status, 202);
    assert!(begun.elapsed() < Duration::from_secs(25), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_create_that_may_have_been_kept_names_its_id_so_that_a_retry_is_the_same_event() {
    let mut app = App::start_writes_only().await;
    app.close_log().await;
    let answer = app.post("/event", event(json!({}))).await;
    answer.invites_a_retry();
    assert!(model::EventId::parse(&answer.id()).is_ok(), "{}", answer.text);
    let own = new_id();
    assert_eq!(app.post("/event", event(json!({"id": own}))).await.id(), own);

    let answer =
        app.post("/events", json!({"events": [event(json!({})), {}, event(json!({"id": own}))]})).await;
    answer.invites_a_retry();
    let results = answer.data()["results"].take();
    assert!(model::EventId::parse(results[0]["id"].as_str().unwrap()).is_ok(), "{}", answer.text);
    let codes = [0, 1, 2].map(|index| results[index]["code"].as_str().unwrap());
    assert_eq!(codes, ["unavailable", "missing_field", "unavailable"]);
    assert_eq!((&results[1]["id"], &results[2]["id"]), (&serde_json::Value::Null, &json!(own)));
}

/// Held, it stops a log that looks at [`stopped_clock`], as it does before it writes.
static CLOCK: Mutex<()> = Mutex::const_new(());
static LOOKED_AT: AtomicBool = AtomicBool::new(false);

fn stopped_clock() -> i64 {
    LOOKED_AT.store(true, Ordering::Relaxed);
    drop(CLOCK.blocking_lock());
    Timestamp::now().millis()
}

#[tokio::test]
async fn a_body_keeps_its_memory_until_what_it_said_is_in_the_log() {
    let limits =
        api::Config { max_batch_body_bytes: 1 << 20, max_bodies_bytes: 2 << 20, ..api::Config::default() };
    // It looks for old records once, at the start.
    let hour = Duration::from_hours(1);
    let log = Options {
        clock: stopped_clock,
        delivery_timeout: hour,
        retention_interval: hour,
        ..Options::default()
    };
    let app = App::with(Setup {
        api: limits,
        log,
        without: &[Part::Consumer, Part::ClickHouse],
        ..Setup::default()
    })
    .await;
    // Packed and unpacked it takes more than half of the room.
    let noise: String = (0..900_000).map(|_| char::from(b'0' + rand::random::<u8>() % 64)).collect();
    let large = event(json!({"input": noise}));
    let update = format!("/event/{}", new_id());
    for (method, path, body) in [
        (Method::POST, "/event", large.to_string()),
        (Method::PUT, &update, large.to_string()),
        (Method::POST, "/events", json!({"events": [large]}).to_string()),
    ] {
        let packed = gzip(body.as_bytes());
        let write = || {
            let request = app.request(method.clone(), path).header("content-encoding", "gzip");
            timeout(PATIENCE, request.body(packed.clone()).ask())
        };
        let held = CLOCK.lock().await;
        LOOKED_AT.store(false, Ordering::Relaxed);
        let first = tokio::spawn(write());
        until("the log is writing it", PATIENCE, async || LOOKED_AT.load(Ordering::Relaxed)).await;
        let second = write().await.unwrap_or_else(|_| panic!("{method} {path}: there was room for two"));
        second.refuses(503, "unavailable", "too much is being read, please retry");
        drop(held);
        assert_eq!(first.await.unwrap().unwrap().status, 202, "{method} {path}");
        assert_eq!(write().await.unwrap().status, 202, "{method} {path}");
    }
}
