//! How a tail begins and ends.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use testing::wait::until;
use tokio::time::timeout;

use crate::harness::events::event;
use crate::harness::{App, Ask, Part, Setup};

/// Before the next comment.
const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn the_topic_is_read_by_one_reader_while_somebody_watches() {
    let api = api::Config { tail_linger_ms: 0, ..api::Config::default() };
    let app =
        App::with(Setup { api, without: &[Part::Consumer, Part::ClickHouse], ..Setup::default() }).await;
    assert_eq!(app.number("tail_readers").await, 0);
    let (one, two) = (app.tail("").await, app.tenant("other").tail("").await);
    assert_eq!((app.number("tail_readers").await, app.number("tail_watchers").await), (1, 2));
    // Nothing is sent meanwhile.
    drop(one);
    until("one has gone", SOON, async || app.number("tail_watchers").await == 1).await;
    assert_eq!(app.number("tail_readers").await, 1);
    drop(two);
    until("the reader has ended", SOON, async || app.number("tail_readers").await == 0).await;

    // What was done meanwhile is nobody's, and the next one starts another reader.
    app.post("/event", event(json!({"input": "meanwhile"}))).await;
    let mut again = app.tail("").await;
    app.post("/event", event(json!({"input": "now"}))).await;
    assert_eq!(again.next().await.data["input"], "now");
}

#[tokio::test]
async fn an_idle_tail_is_kept_and_says_so_every_15_seconds() {
    let api = api::Config {
        api_head_timeout_ms: 500,
        api_idle_timeout_ms: 500,
        api_write_timeout_ms: 500,
        ..api::Config::default()
    };
    let app =
        App::with(Setup { api, without: &[Part::Consumer, Part::ClickHouse], ..Setup::default() }).await;
    let mut tail = app.tail("").await;
    assert_eq!(tail.frame().await.as_deref(), Some(":\n\n"), "with the head");
    assert_eq!(tail.frame().await.as_deref(), Some(":\n\n"));
    app.post("/event", event(json!({"input": "now"}))).await;
    assert_eq!(tail.next().await.data["input"], "now");
}

#[tokio::test]
async fn nothing_is_held_back_for_compression() {
    let app = App::start_writes_only().await;
    let request = app.request(Method::GET, "/tail").header("accept-encoding", "gzip");
    let response = request.send().await.unwrap();
    assert_eq!(response.headers().get("content-encoding"), None);
    assert_eq!(response.headers()["cache-control"], "no-cache");
}

#[tokio::test]
async fn tails_end_with_the_api_and_hold_it_up_no_moment() {
    let mut app = App::start_writes_only().await;
    let (mut one, mut other) = (app.tail("").await, app.tenant("other").tail("").await);
    app.shut_down();
    // What is in flight may take 15 seconds.
    timeout(Duration::from_secs(8), app.ended()).await.unwrap().unwrap();
    assert_eq!((one.message().await, other.message().await), (None, None));
}

#[tokio::test]
async fn a_topic_that_can_not_be_followed_is_said_so() {
    let without = &[Part::Consumer, Part::ClickHouse, Part::Kafka];
    let app = App::with(Setup { without, ..Setup::default() }).await;
    app.request(Method::GET, "/tail").ask().await.invites_a_retry();
}
