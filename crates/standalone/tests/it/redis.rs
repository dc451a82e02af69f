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
