//! Messages come to as many rows, whatever dies on the way.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use redis::aio::MultiplexedConnection;
use testing::redis::Server;
use testing::wait::until;

use crate::installation::{Installation, Running};
use crate::site::{connection, envelope, pending};

/// Rows take their time on a busy machine.
const PATIENCE: Duration = Duration::from_mins(5);
/// How many commands go out at once.
const PIPELINE: usize = 100;

/// Sends a command for each message, again and again until Redis has taken all of it.
async fn send(url: &str, first: usize, count: usize, command: impl Fn(&mut redis::Cmd, &str)) {
    let mut redis: Option<MultiplexedConnection> = None;
    for chunk in (first..first + count).collect::<Vec<_>>().chunks(PIPELINE) {
        let mut pipeline = redis::pipe();
        for number in chunk {
            let mut one = redis::Cmd::new();
            command(&mut one, &envelope(&format!("e-{number}")));
            pipeline.add_command(one);
        }
        loop {
            if redis.is_none() {
                redis = Some(connection(url).await);
            }
            let Some(open) = &mut redis else { continue };
            match pipeline.exec_async(open).await {
                Ok(()) => break,
                Err(_) => redis = None,
            }
        }
    }
}

/// A number from the environment.
fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable).map_or(default, |number| number.parse().unwrap())
}

/// `REDIS_TEST_MESSAGES` says how many: a few thousand by default. Prints what that costs, to be read of optimized
/// bridges.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_connections_two_bridges_and_overlapping_patterns_make_exact_rows() {
    let messages = number("REDIS_TEST_MESSAGES", 4_000);
    let installation = Installation::start(Server::start()).await;
    let patterns = [("REDIS_PATTERNS", "events:*,events:order:*")];
    let bridges = [installation.bridge(&patterns).await, installation.bridge(&patterns).await];
    let url = installation.redis.url();
    let publish = |command: &mut redis::Cmd, message: &str| {
        command.arg("PUBLISH").arg("events:order:created").arg(message);
    };
    let each = messages / 4;
    join_all((0..4).map(|connection| send(&url, connection * each, each, publish))).await;

    for bridge in &bridges {
        until("the bridge has produced all", PATIENCE, async || {
            bridge.messages("produced").await == 2 * messages
        })
        .await;
        assert_eq!((bridge.messages("dropped").await, bridge.messages("dead_letter").await), (0, 0));
    }
    let cpu_seconds: f64 = bridges.iter().map(Running::cpu_seconds).sum();
    eprintln!("{} messages in {cpu_seconds} CPU-seconds of the bridges", 4 * messages);
    until("every row is there", PATIENCE, async || installation.count().await >= messages).await;
    assert_eq!(installation.count().await, messages);
    for bridge in bridges {
        bridge.stop();
    }
    installation.stop().await;
}

/// `REDIS_TEST_MESSAGES` says how many, and `REDIS_TEST_AWAY_SECONDS` for how long Kafka is away: until it is noticed by
/// default.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_survive_the_death_of_the_bridge_of_redis_and_of_kafka() {
    let each = number("REDIS_TEST_MESSAGES", 5_000) / 5;
    let away = Duration::from_secs(number("REDIS_TEST_AWAY_SECONDS", 0).try_into().unwrap());
    let mut installation = Installation::start(Server::start_durable()).await;
    let url = installation.redis.url();
    let variables = [
        ("REDIS_PATTERNS", "none"),
        ("REDIS_STREAMS", "orders"),
        ("REDIS_CLAIM_IDLE_MS", "1000"),
        ("REDIS_PING_INTERVAL_MS", "200"),
        ("REDIS_SILENCE_MS", "2000"),
    ];
    let mut bridge = installation.bridge(&variables).await;
    let add = |command: &mut redis::Cmd, message: &str| {
        command.arg("XADD").arg("orders").arg("*").arg("event").arg(message);
    };
    send(&url, 0, each, add).await;
    bridge.process.kill_9();
    send(&url, each, each, add).await;
    bridge = installation.bridge(&variables).await;

    send(&url, 2 * each, each, add).await;
    installation.redis.kill_9();
    until("the bridge says so", PATIENCE, async || bridge.get("/ready").await.contains("streams")).await;
    installation.redis.restart();

    installation.broker.stop();
    send(&url, 3 * each, each, add).await;
    let since = Instant::now();
    until("the bridge says so", PATIENCE, async || {
        bridge.get("/ready").await.contains("kafka") && since.elapsed() >= away
    })
    .await;
    installation.broker.restart();
    send(&url, 4 * each, each, add).await;

    until("every row is there", PATIENCE, async || installation.count().await >= 5 * each).await;
    let mut redis = connection(&url).await;
    until("all is acknowledged", PATIENCE, async || pending(&mut redis, "orders").await == 0).await;
    assert_eq!(installation.count().await, 5 * each);
    bridge.stop();
    installation.stop().await;
}
