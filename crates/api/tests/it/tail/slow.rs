//! Watchers that don't read.

use std::collections::HashSet;

use futures_util::future::join_all;
use serde_json::json;

use super::Watch;
use crate::harness::events::event;
use crate::harness::{App, Part, Setup};

/// What a watcher was given and told until every one of so many events is one or the other.
async fn received_and_missed(tail: &mut Watch, sent: usize) -> (usize, usize) {
    let (mut received, mut missed) = (HashSet::new(), 0);
    while received.len() + missed < sent {
        let message = tail.next().await;
        match message.event.as_str() {
            "created" => {
                let id = message.data["id"].as_str().unwrap().to_owned();
                assert!(received.insert(id), "{} came twice", message.id);
            }
            "missed" => missed += usize::try_from(message.data["count"].as_u64().unwrap()).unwrap(),
            other => panic!("{other}"),
        }
    }
    assert_eq!(received.len() + missed, sent);
    (received.len(), missed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_eight_watchers_gets_every_event_once_or_is_told_that_it_missed_it() {
    const BATCHES: usize = 8;
    const EVENTS: usize = 100;
    let api =
        api::Config { tail_buffer_bytes: 1 << 20, api_write_timeout_ms: 60_000, ..api::Config::default() };
    let app =
        App::with(Setup { api, without: &[Part::Consumer, Part::ClickHouse], ..Setup::default() }).await;
    let mut stopped = app.tail("").await;
    let mut reading = Vec::new();
    for _ in 0..7 {
        reading.push(app.tail("").await);
    }
    let reading = join_all(reading.iter_mut().map(|tail| received_and_missed(tail, BATCHES * EVENTS)));
    let sending = async {
        // In all more than a connection holds on its way.
        let events = vec![event(json!({"input": "x".repeat(50_000)})); EVENTS];
        for _ in 0..BATCHES {
            let answer = app.post("/events", json!({"events": events})).await;
            assert_eq!(answer.status, 202, "{}", answer.text);
        }
    };
    tokio::join!(reading, sending);

    let (received, missed) = received_and_missed(&mut stopped, BATCHES * EVENTS).await;
    assert!(received > 0 && missed > 0, "{received} received, {missed} missed");
    // Those that read may have missed some as well.
    assert!(app.number("tail_missed_operations_total").await >= missed as u64);
    // It goes on.
    app.post("/event", event(json!({"input": "last"}))).await;
    assert_eq!(stopped.next().await.data["input"], "last");
}

/// What others do costs a tenant no message that it is not told of.
#[tokio::test]
async fn a_message_that_another_tenants_pushed_out_is_missed() {
    let api = api::Config { tail_buffer_bytes: 1, api_write_timeout_ms: 60_000, ..api::Config::default() };
    let app =
        App::with(Setup { api, without: &[Part::Consumer, Part::ClickHouse], ..Setup::default() }).await;
    let (mut tail, mut of_other) = (app.tail("").await, app.tenant("other").tail("").await);
    let big = json!({"events": vec![event(json!({"input": "x".repeat(50_000)})); 100]});
    for tenant in ["default", "other", "default", "other", "default", "other"] {
        assert_eq!(app.tenant(tenant).post("/events", &big).await.status, 202);
    }
    let (received, missed) = received_and_missed(&mut tail, 300).await;
    assert!(missed > 0, "{received} received");
    received_and_missed(&mut of_other, 300).await;
}
