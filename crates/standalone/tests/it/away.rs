//! What users see while Kafka or ClickHouse is away, and afterwards.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};
use testing::gate::Gate;
use testing::kafka::Broker;
use testing::wait::until;

use crate::installation::Installation;

const PATIENCE: Duration = Duration::from_secs(60);
/// Far more than the 2 s after which the API gives a write up, since this machine may be busy, and far less than the
/// minutes that librdkafka would take.
const SOON: Duration = Duration::from_secs(15);
const CALLERS: usize = 500;
const EVENTS: usize = 50_000;

fn event(number: usize) -> Value {
    json!({"conversation_id": "c-1", "event_name": "event_a", "input": format!("event number {number}")})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_kafka_is_away_every_write_is_answered_soon_and_after_its_return_taken() {
    let mut broker = Broker::start();
    let millrace = Installation::on(broker.brokers(), testing::engine::url(), None).await;
    assert_eq!(millrace.post("/event", &event(0)).await.status(), 202);

    broker.stop();
    for callers in [1, CALLERS, CALLERS] {
        let calls = (0..callers).map(async |number| {
            let asked = Instant::now();
            let answer = millrace.post("/event", &event(number)).await;
            (answer.status(), answer.headers().get("retry-after").is_some(), asked.elapsed())
        });
        for (status, says_when, took) in join_all(calls).await {
            assert_eq!(status, 503);
            assert!(says_when);
            assert!(took < SOON, "{took:?} with {callers} callers");
        }
    }
    assert_eq!(millrace.get("/health").await.unwrap().status(), 200);

    broker.restart();
    let back = Instant::now();
    until("writes are taken again", PATIENCE, async || {
        millrace.post("/event", &event(1)).await.status() == 202
    })
    .await;
    assert!(back.elapsed() < SOON, "it took {:?}", back.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_clickhouse_is_away_every_write_is_taken_and_after_its_return_visible() {
    let away = std::env::var("MILLRACE_TEST_AWAY_SECONDS").map_or(5, |seconds| seconds.parse().unwrap());
    let gate = Gate::open().await;
    let millrace = Installation::through(&gate.url()).await;

    let gone = Instant::now();
    gate.close();
    stream::iter(0..EVENTS)
        .for_each_concurrent(64, |number| {
            let millrace = &millrace;
            async move { assert_eq!(millrace.post("/event", &event(number)).await.status(), 202) }
        })
        .await;
    tokio::time::sleep_until((gone + Duration::from_secs(away)).into()).await;
    assert_eq!(millrace.get("/event/019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5b").await.unwrap().status(), 503);

    gate.reopen();
    let back = Instant::now();
    until("all events are visible", PATIENCE, async || millrace.count().await == EVENTS as u64).await;
    let memory = millrace.peak_memory("millrace-consumer") >> 20;
    println!("visible {:?} after its return; the consumer held at most {memory} MiB", back.elapsed());
    assert!(memory < 300, "{memory} MiB");
}
