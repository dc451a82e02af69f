//! What a bridge does while Kafka is away.

use redis_bridge::Config;
use testing::kafka::Broker;
use testing::wait::{until, until_some};

use crate::site::{Bridge, PATIENCE, Site, add, envelope, pending, publish};

async fn broker() -> Broker {
    tokio::task::spawn_blocking(Broker::start).await.unwrap()
}

async fn restarted(mut broker: Broker) -> Broker {
    let restart = tokio::task::spawn_blocking(move || {
        broker.restart();
        broker
    });
    restart.await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_published_before_kafka_is_there_is_kept() {
    let mut broker = broker().await;
    let site = Site::on_kafka(&broker);
    broker.stop();
    let bridge = Bridge::start(site.config(), &site.channels);
    let mut connection = site.connection().await;
    until("the bridge hears", PATIENCE, async || {
        publish(&mut connection, "events:a", &envelope("e-1")).await == 1
    })
    .await;
    assert!(bridge.status.troubles().iter().any(|trouble| trouble.starts_with("bridge")));
    let _broker = restarted(broker).await;
    bridge.until_ready().await;
    site.until_events(1).await;
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_that_wait_for_kafka_are_not_claimed_from_oneself() {
    const ENTRIES: u64 = 3;
    let mut broker = broker().await;
    let site = Site::on_kafka(&broker);
    let config = Config { patterns: "none".into(), streams: "orders".into(), ..site.config() };
    let claim_idle_ms = config.claim_idle_ms;
    let bridge = Bridge::ready(config, &site.channels).await;
    broker.stop();
    let mut connection = site.connection().await;
    for number in 0..ENTRIES {
        add(&mut connection, "orders", &[("event", &envelope(&format!("e-{number}")))]).await;
    }
    // An entry that is claimed is not idle any more.
    let claimed = until_some("entries are claimed or long idle", PATIENCE, async || {
        let mut command = redis::cmd("XPENDING");
        command.arg("orders").arg("millrace").arg("IDLE").arg(3 * claim_idle_ms);
        let idle: Vec<redis::Value> =
            command.arg("-").arg("+").arg(ENTRIES).query_async(&mut connection).await.unwrap();
        let claimed = bridge.count("redis_claimed_entries_total");
        (claimed != "0" || idle.len() == usize::try_from(ENTRIES).unwrap()).then_some(claimed)
    });
    assert_eq!(claimed.await, "0");
    let _broker = restarted(broker).await;
    bridge.until_ready().await;
    until("all is acknowledged", PATIENCE, async || pending(&mut connection, "orders").await == 0).await;
    assert_eq!(site.ids().await.len(), usize::try_from(ENTRIES).unwrap());
    bridge.stop().await;
}
