//! Where a watcher is: behind a message that it names, and how many may watch.

use reqwest::Method;
use serde_json::json;
use testing::wait::until;

use super::Message;
use crate::harness::events::event;
use crate::harness::{App, Ask, PATIENCE, Part, Setup};

async fn with(api: api::Config) -> App {
    App::with(Setup { api, without: &[Part::Consumer, Part::ClickHouse], ..Setup::default() }).await
}

async fn say(app: &App, input: &str) -> String {
    app.post("/event", event(json!({"input": input}))).await.id()
}

#[tokio::test]
async fn who_comes_back_goes_on_behind_the_last_message_of_all_partitions() {
    let app = with(api::Config { tail_linger_ms: 600_000, ..api::Config::default() }).await;
    let mut tail = app.tail("").await;
    for n in 0..20 {
        say(&app, &format!("n{n}")).await;
    }
    let mut ids = Vec::new();
    for _ in 0..10 {
        ids.push(tail.next().await.id);
    }
    drop(tail);
    say(&app, "n20").await;

    let mut back = app.tail_after("", &ids[9]).await;
    let mut inputs = Vec::new();
    for _ in 10..21 {
        let Message { event, data, .. } = back.next().await;
        inputs.push((event, data["input"].as_str().unwrap().to_owned()));
    }
    let expected: Vec<_> = (10..21).map(|n| ("created".to_owned(), format!("n{n}"))).collect();
    assert_eq!(inputs, expected);
}

#[tokio::test]
async fn who_names_a_message_that_nobody_knows_is_told_of_a_gap() {
    let app = with(api::Config { tail_buffer_bytes: 1, ..api::Config::default() }).await;
    let mut tail = app.tail("").await;
    let gap = |message: Message| {
        assert_eq!((message.event.as_str(), &message.data), ("missed", &json!({"count": null})));
    };
    // The buffer holds one message. Of one event all are in one partition.
    let path = format!("/event/{}", say(&app, "first").await);
    let first = tail.next().await.id;
    app.put(&path, json!({"output": "second"})).await;
    assert_eq!(tail.next().await.data["output"], "second");
    let mut late = app.tail_after("", &first).await;
    gap(late.next().await);
    assert_eq!(late.next().await.data["output"], "second");

    // One that is ahead of the buffer: nothing comes twice.
    let (partition, _) = first.split_once('-').unwrap();
    let mut ahead = app.tail_after("", &format!("{partition}-99")).await;
    gap(ahead.next().await);
    app.put(&path, json!({"output": "third"})).await;
    assert_eq!(ahead.next().await.data["output"], "third");
}

#[tokio::test]
async fn a_tenant_and_all_together_watch_no_more_than_they_may() {
    let app = with(api::Config { max_watchers: 3, max_tenant_watchers: 2, ..api::Config::default() }).await;
    let other = app.tenant("other");
    let (first, _second) = (app.tail("").await, app.tail("").await);
    let full = app.get("/tail").await;
    full.refuses(429, "too_many_watchers", "2 tails of this tenant are being answered: please retry");
    assert_eq!(full.header("retry-after"), "1");
    let third = other.tail("").await;
    let words = "all places of tails are taken: please retry";
    other.get("/tail").await.refuses(429, "too_many_watchers", words);
    drop((first, third));
    until("there is room again", PATIENCE, async || {
        let response = app.request(Method::GET, "/tail").send().await.unwrap();
        response.status() == 200
    })
    .await;
}

#[tokio::test]
async fn a_head_is_answered_and_watches_nothing() {
    let app = with(api::Config::default()).await;
    let head = app.request(Method::HEAD, "/tail").ask().await;
    assert_eq!((head.status.as_u16(), head.header("content-type")), (200, "text/event-stream"));
    until("nobody watches", PATIENCE, async || app.number("tail_watchers").await == 0).await;
}
