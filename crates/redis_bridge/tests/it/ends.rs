//! Asked to end, a bridge delivers what it has.

use redis_bridge::Config;

use crate::site::{Bridge, Site, add, envelope, pending, publish};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asked_to_end_it_delivers_what_it_was_sent() {
    const COUNT: usize = 1_000;
    let site = Site::new().await;
    let config = Config { streams: "orders".into(), ..site.config() };
    let bridge = Bridge::ready(config, &site.channels).await;
    let mut connection = site.connection().await;
    for number in 0..COUNT {
        publish(&mut connection, "events:a", &envelope(&format!("c-{number}"))).await;
        add(&mut connection, "orders", &[("event", &envelope(&format!("s-{number}")))]).await;
    }
    bridge.stop().await;
    // Of the stream some may be unread, but none is pending.
    assert_eq!(pending(&mut connection, "orders").await, 0);
    let events = site.events().await;
    let published = events.iter().filter(|event| event.content.message_id.starts_with("c-"));
    assert_eq!(published.count(), COUNT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asked_to_end_before_redis_is_there_it_ends() {
    let mut site = Site::new().await;
    site.redis.kill_9();
    let config = Config { streams: "orders".into(), ..site.config() };
    let bridge = Bridge::start(config, &site.channels);
    bridge.until_trouble("streams").await;
    bridge.stop().await;
}
