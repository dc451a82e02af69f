//! Much waits on the topic, and ClickHouse is away: memory stays bounded.

use std::fs;

use model::Operation;
use testing::Process;
use testing::gate::Gate;
use testing::wait::until;

use crate::operations::{answer, create, new_key, noise};
use crate::site::{PATIENCE, Site};

/// Of each message, in bytes; 100 MB together.
const LARGE: usize = 500_000;
const MESSAGES: usize = 200;

/// Three batches of 4 MiB (waiting, growing, being written), what Kafka's client fetches ahead, the
/// cache, and the program itself.
const LIMIT: u64 = 110 << 20;

/// The most memory that the process has ever had, in bytes.
fn peak_bytes(process: &Process) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_larger_than_its_memory_passes_through() {
    let site = Site::on_kafka().await;
    let gate = Gate::open().await;
    let text = noise(LARGE);
    let large: Vec<Operation<'static>> = (0..MESSAGES).map(|_| create(&new_key(), &text)).collect();
    site.send(&large[..1]).await;
    let process = Process::start(
        "millrace-consumer",
        &site.environment(&[
            ("CLICKHOUSE_URL", &gate.url()),
            ("CONSUMER_MAX_BATCH_BYTES", "4194304"),
            ("CONSUMER_CACHE_BYTES", "4194304"),
        ]),
    );
    site.caught_up().await;

    gate.close();
    for some in large[1..].chunks(100) {
        site.send(some).await;
    }
    // By then it has taken in all that it will.
    until("it has tried again and again", PATIENCE, async || gate.turned_away() >= 6).await;
    assert_eq!(site.done().await, 1);
    assert!(peak_bytes(&process) < LIMIT, "{} bytes", peak_bytes(&process));

    gate.reopen();
    site.caught_up().await;
    assert_eq!(site.count().await, u64::try_from(MESSAGES).unwrap());
    assert!(peak_bytes(&process) < LIMIT, "{} bytes", peak_bytes(&process));

    // Small messages that bring large rows in, behind some that bring in small ones.
    let small: Vec<_> = (0..MESSAGES).map(|_| create(&new_key(), "small")).collect();
    site.send(&small).await;
    site.caught_up().await;
    let answers: Vec<_> = small.iter().map(|operation| answer(&operation.key(), "short")).collect();
    site.send(&answers).await;
    site.caught_up().await;
    gate.close();
    let answers: Vec<_> = large.iter().map(|operation| answer(&operation.key(), "short")).collect();
    site.send(&answers).await;
    let turned_away = gate.turned_away();
    until("it has tried again", PATIENCE, async || gate.turned_away() > turned_away).await;
    gate.reopen();
    site.caught_up().await;
    assert_eq!(site.event(&large[7].key()).await.unwrap().content.output, "short");
    assert!(peak_bytes(&process) < LIMIT, "{} bytes", peak_bytes(&process));
}
