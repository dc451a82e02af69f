//! The start: what is not there yet is not used, and nothing is promised before it can be kept.

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use bus::log::{Log, Options};
use bus::{Channels, From, Record, kafka};
use model::Timestamp;
use runtime::metrics;
use runtime::shutdown::Shutdown;
use serde_json::json;
use store::Store;
use tempfile::TempDir;
use testing::port;
use testing::wait::until;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::harness::events::event;
use crate::harness::{App, Caller, PATIENCE};

/// The topics of a log of its own.
fn channels(folder: &TempDir, clock: fn() -> i64) -> Channels {
    let hour = Duration::from_hours(1);
    let options = Options { clock, delivery_timeout: hour, ..Options::default() };
    let log = Log::open(&folder.path().join("log"), options).unwrap();
    Channels::log(log, &kafka::Config { partitions: 4, ..kafka::Config::default() }).unwrap()
}

/// An API on these topics, which nobody waits for. It reaches no ClickHouse.
async fn start(channels: Channels) -> (Caller, JoinHandle<anyhow::Result<()>>) {
    let url = Some(format!("http://127.0.0.1:{}", port::free()));
    let store = Store::new(store::Config { url, ..store::Config::default() }).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let caller = Caller::new(listener.local_addr().unwrap(), None);
    let (config, registry) = (api::Config::default(), metrics::registry());
    let api = api::run(config, channels, store, registry, listener, Shutdown::new());
    (caller, tokio::spawn(api))
}

/// Held, it stops a log that looks at [`stopped_clock`], as it does before it writes.
static CLOCK: Mutex<()> = Mutex::const_new(());

fn stopped_clock() -> i64 {
    drop(CLOCK.blocking_lock());
    Timestamp::now().millis()
}

/// By another schedule an event would go where its updates are not looked for.
#[tokio::test]
async fn no_write_is_taken_before_the_schedule_is_known_to_be_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let channels = channels(&folder, stopped_clock);
    let held = CLOCK.lock().await;
    let (api, _running) = start(channels.clone()).await;
    assert_eq!(api.get("/health").await.status, 200);
    assert_eq!(api.get("/ready").await.data()["kafka"], "unavailable");
    let write = timeout(PATIENCE, api.post("/event", event(json!({})))).await.unwrap();
    write.refuses(503, "unavailable", "writes are unavailable at the moment, please retry");
    drop(held);
    until("it takes writes", PATIENCE, async || api.get("/ready").await.data()["kafka"] == "ok").await;
    assert_eq!(api.post("/event", event(json!({}))).await.status, 202);
    let mut records = channels.bus.read_range(&channels.events, From::Beginning).await.unwrap();
    assert!(records.next().await.is_some() && records.next().await.is_none());
}

#[tokio::test]
async fn reads_are_not_ready_before_the_table_is_there() {
    // It answers, but takes no tables.
    let server = Router::new().fallback(async |request: Request| {
        let question = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
        if question.starts_with(b"SELECT 1") {
            (StatusCode::OK, "1\n")
        } else {
            (StatusCode::INTERNAL_SERVER_ERROR, "Code: 242. DB::Exception: Table is in readonly mode")
        }
    });
    let app = App::before(server).await;
    let ready = app.get("/ready").await;
    assert_eq!(
        (ready.status.as_u16(), ready.data()),
        (503, json!({"kafka": "ok", "clickhouse": "unavailable"}))
    );
}

/// Of no time at all, so that a schedule may change at any later one.
fn long_ago() -> i64 {
    0
}

#[tokio::test]
async fn an_api_whose_schedule_is_superseded_ends_and_says_what_to_set() {
    let folder = tempfile::tempdir().unwrap();
    let channels = Channels { look_every: Duration::from_millis(10), ..channels(&folder, long_ago) };
    let (api, running) = start(channels.clone()).await;
    until("it takes writes", PATIENCE, async || api.get("/ready").await.data()["kafka"] == "ok").await;
    let next = Record { value: b"4,2026-01-01T00:00:00Z=2".to_vec(), ..Record::default() };
    channels.bus.producer(&channels.schedules).unwrap().send(next).await.unwrap();
    let error = timeout(PATIENCE, running).await.unwrap().unwrap().unwrap_err().to_string();
    assert!(error.contains("set KAFKA_PARTITION_SCHEDULE=4,2026-01-01T00:00:00.000Z=2,"), "{error}");
}
