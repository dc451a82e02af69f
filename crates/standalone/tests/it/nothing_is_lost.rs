//! Every acknowledged event is in the table exactly once, whatever dies.

use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};

use crate::installation::Installation;

const BATCHES: usize = 100;
const BATCH: usize = 1_000;
const SINGLES: usize = 1_000;

fn event(number: usize) -> Value {
    json!({
        "conversation_id": format!("conversation-{}", number % 5_000),
        "event_name": "event_a",
        "input": format!("event number {number}"),
        "latency": 1.5,
    })
}

/// Sends 101,000 events, in batches and one by one; every one is acknowledged when this returns.
async fn send_all(millrace: &Installation) {
    let batch = |number: usize| async move {
        let events: Vec<_> = (0..BATCH).map(|i| event(number * BATCH + i)).collect();
        let answer = millrace.post("/events", &json!({ "events": events })).await;
        assert_eq!(answer.status(), 202);
        let answer: Value = answer.json().await.unwrap();
        let results = answer["data"]["results"].as_array().unwrap();
        assert!(results.len() == BATCH && results.iter().all(|result| result["id"].is_string()));
    };
    let single = |number: usize| async move {
        assert_eq!(millrace.post("/event", &event(number)).await.status(), 202);
    };
    stream::iter(0..BATCHES).for_each_concurrent(4, batch).await;
    stream::iter(0..SINGLES).for_each_concurrent(32, single).await;
}

/// Sends, dies right after the last acknowledgement, starts again and counts.
async fn dies_and_counts(mut millrace: Installation) {
    send_all(&millrace).await;
    millrace.kill_9();
    millrace.start_all().await;
    millrace.caught_up().await;
    assert_eq!(millrace.count().await, 101_000);
}

#[tokio::test]
async fn the_standalone_killed_after_the_last_202_has_every_event_once() {
    dies_and_counts(Installation::embedded().await).await;
}

#[tokio::test]
async fn api_and_consumer_killed_after_the_last_202_have_every_event_once() {
    dies_and_counts(Installation::distributed().await).await;
}
