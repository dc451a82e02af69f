//! The bridge inside the standalone.

use serde_json::{Value, json};
use testing::redis::Server;
use testing::wait::until;

use crate::installation::{GRACE, Installation};

#[tokio::test]
async fn an_event_that_is_published_is_in_the_table_and_the_end_waits_for_the_bridge() {
    let redis = Server::start();
    let more = [("REDIS_URL", redis.url()), ("ENABLE_TEST_ENDPOINTS", "true".to_owned())];
    let mut millrace = Installation::embedded_with(more).await;
    let event = json!({"event_type": "order.created", "data": {"total": "64.320"}});
    until("the bridge hears", GRACE, async || {
        let answer = millrace.post("/test/publish-event", &event).await;
        let answer: Value = answer.json().await.unwrap();
        answer["data"]["receivers"] == 1
    })
    .await;
    until("the event is there", GRACE, async || millrace.count().await >= 1).await;
    let metrics = millrace.get("/metrics").await.unwrap().text().await.unwrap();
    assert!(metrics.contains("millrace_redis_messages_total{fate=\"produced\"} 1\n"), "{metrics}");
    millrace.stop();
}

#[tokio::test]
async fn numbers_tell_that_redis_is_away_while_the_api_serves() {
    let mut redis = Server::start();
    let more = [("REDIS_URL", redis.url()), ("REDIS_STREAMS", "orders".to_owned())];
    let mut millrace = Installation::embedded_with(more).await;
    let told = async |not_ready: u8| {
        let metrics = millrace.get("/metrics").await.unwrap().text().await.unwrap();
        ["subscription", "streams"]
            .iter()
            .all(|part| metrics.contains(&format!("millrace_not_ready{{part=\"{part}\"}} {not_ready}\n")))
    };
    until("the bridge is ready", GRACE, async || told(0).await).await;
    redis.kill_9();
    until("the bridge is not ready", GRACE, async || told(1).await).await;
    assert_eq!(millrace.get("/ready").await.unwrap().status(), 200);
    redis.restart();
    until("the bridge is ready again", GRACE, async || told(0).await).await;
    millrace.stop();
}
