//! What the consumer counts.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bus::Record;
use futures_util::future::join_all;
use testing::Process;
use testing::gate::Gate;
use testing::wait::{until, until_some};

use crate::operations::{AppliedOnce, create, creates, mixed, new_key};
use crate::raw_kafka;
use crate::site::{PATIENCE, Site, record};

/// A consumer's process and its numbers.
struct Counted {
    process: Process,
    page: String,
}

impl Counted {
    fn start(site: &Site, more: &[(&'static str, &str)]) -> Self {
        let environment = site.environment(more);
        let port = environment.iter().find(|(name, _)| *name == "CONSUMER_STATUS_PORT").unwrap();
        let page = format!("http://127.0.0.1:{}/metrics", port.1);
        Self { process: Process::start("millrace-consumer", &environment), page }
    }

    /// Each whole number by its name with labels, without `millrace_` and `_total`.
    async fn numbers(&self) -> BTreeMap<String, u64> {
        let Ok(answer) = reqwest::get(&self.page).await else { return BTreeMap::new() };
        let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
        assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
        let text = answer.text().await.unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines
            .filter_map(|line| {
                let (name, value) = line.rsplit_once(' ').unwrap();
                let name = name.replacen("millrace_", "", 1).replacen("_total", "", 1);
                Some((name, value.strip_suffix(".0").unwrap_or(value).parse().ok()?))
            })
            .collect()
    }

    async fn number(&self, name: &str) -> u64 {
        self.numbers().await.get(name).copied().unwrap_or_default()
    }
}

fn sum(numbers: &BTreeMap<String, u64>, of: &str) -> u64 {
    numbers.iter().filter(|(name, _)| name.starts_with(of)).map(|(_, number)| number).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_numbers_add_up() {
    let site = Site::on_kafka().await;
    let gate = Gate::open().await;
    let consumer = Counted::start(
        &site,
        &[
            ("CLICKHOUSE_URL", &gate.url()),
            ("CONSUMER_BATCH_SIZE", "300"),
            ("CONSUMER_FLUSH_INTERVAL_MS", "20"),
        ],
    );
    let operations = mixed(30, 60, 3_000);
    site.send(&operations).await;
    let hostile = |n: usize| Record { value: format!("hostile {n}").into(), ..Record::default() };
    join_all((0..40).map(|n| site.send_record(hostile(n)))).await;
    let elsewhere = create(&new_key(), "in the wrong partition");
    let Record { key, at, value, .. } = record(&elsewhere);
    let key = String::from_utf8(key.unwrap()).unwrap();
    let wrong = (site.channels.events.schedule.partition(key.as_bytes(), at) + 1) % 3;
    raw_kafka::send(&site.channels.events.name, wrong, &key, Some(&value)).await;
    site.caught_up().await;
    gate.close();
    site.send(&creates(10)).await;
    until("it has tried again", PATIENCE, async || gate.turned_away() >= 2).await;
    let not_ready = r#"not_ready{part="clickhouse"}"#;
    until("it is not ready", PATIENCE, async || consumer.number(not_ready).await == 1).await;
    gate.reopen();
    site.caught_up().await;
    // It counts a batch before it commits it.
    let numbers = consumer.numbers().await;

    let number = |name: &str| numbers.get(name).copied().unwrap_or_default();
    let letters = site.reasons().await;
    let of_reason = |reason: &str| letters.iter().filter(|(found, _)| found == reason).count() as u64;
    assert_eq!(number("deliveries"), 3_051, "{numbers:?}");
    assert_eq!(sum(&numbers, "operations{"), 3_051, "{numbers:?}");
    assert_eq!(numbers.get("deliveries_dropped"), Some(&0));
    assert_eq!(sum(&numbers, "dead_letters{"), letters.len() as u64);
    assert_eq!(number(r#"operations{fate="dead_letter"}"#), letters.len() as u64);
    assert_eq!(number(r#"dead_letters{reason="undecodable"}"#), 40);
    let unknown = AppliedOnce::of(&operations).unknown as u64;
    assert!(unknown > 0);
    assert_eq!(number(r#"dead_letters{reason="unknown_event"}"#), unknown);
    assert_eq!(of_reason("unknown_event"), unknown);
    for fate in ["folded", "replay", "event_deleted"] {
        assert!(number(&format!(r#"operations{{fate="{fate}"}}"#)) > 0, "{fate}: {numbers:?}");
    }
    assert_eq!(number("misplaced_operations"), 1);
    let rows = number("rows_written");
    assert!(rows > 0 && rows <= number(r#"operations{fate="folded"}"#), "{numbers:?}");
    assert!(number(r#"retries{part="clickhouse"}"#) >= 2, "{numbers:?}");
    // Each message is in one batch, inserts that fail don't count, and a commit may be of several batches.
    assert_eq!(number("batch_operations_sum"), 3_051, "{numbers:?}");
    let batches = number("batch_operations_count");
    assert_eq!(batches, number("batch_bytes_count"), "{numbers:?}");
    assert!(number("batch_bytes_sum") > 100 * 3_051, "{numbers:?}");
    for timed in ["insert_duration_seconds_count", "freshness_seconds_count"] {
        assert!((1..=batches).contains(&number(timed)), "{timed}: {numbers:?}");
    }
    assert_eq!(numbers.get(not_ready), Some(&0), "{numbers:?}");
    for never in ["log_gaps", "log_gap_messages", "clock_steps", "circuit_open"] {
        assert_eq!(numbers.get(never), Some(&0), "{never}");
    }
}

/// One batch is being written and the next one grows when a second consumer gets its part.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_numbers_add_up_over_two_consumers_when_partitions_move() {
    let site = Site::on_kafka().await;
    let gate = Gate::open().await;
    let more = [("CONSUMER_BATCH_SIZE", "10"), ("CONSUMER_FLUSH_INTERVAL_MS", "20")];
    let first = Counted::start(&site, &[&more[..], &[("CLICKHOUSE_URL", &gate.url())]].concat());
    let operations = creates(200);
    site.send(&operations[..20]).await;
    site.caught_up().await;
    gate.close();
    site.send(&operations[20..40]).await;
    until("some are being written", PATIENCE, async || gate.turned_away() > 0).await;
    site.send(&operations[40..]).await;
    until("all are in memory", PATIENCE, async || first.number("deliveries").await == 200).await;

    let second = Counted::start(&site, &more);
    let dropped = async || first.number("deliveries_dropped").await;
    until("the partitions have moved", PATIENCE, async || dropped().await > 0).await;
    gate.reopen();
    site.caught_up().await;
    let adds_up = async |consumer: &Counted| {
        let numbers = consumer.numbers().await;
        let done = numbers["deliveries_dropped"] + sum(&numbers, "operations{");
        (numbers["deliveries"] == done).then_some((numbers["deliveries"], numbers["deliveries_dropped"]))
    };
    // What the first was writing may end after the second has written it again.
    let one = until_some("the first one's numbers add up", PATIENCE, async || adds_up(&first).await).await;
    let other = until_some("the second one's add up", PATIENCE, async || adds_up(&second).await).await;
    // What was dropped, and what was written without a commit, was delivered again.
    assert!(one.0 + other.0 >= 200 + one.1 + other.1 && one.1 > 0, "{one:?}, {other:?}");
    site.assert_holds(&operations).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asked_to_end_with_20000_operations_in_memory_it_writes_and_commits_them_in_time() {
    let site = Site::on_kafka().await;
    let mut consumer = Counted::start(
        &site,
        &[("CONSUMER_BATCH_SIZE", "1000000"), ("CONSUMER_FLUSH_INTERVAL_MS", "3600000")],
    );
    let operations = mixed(31, 2_000, 20_000);
    site.send(&operations).await;
    until("all are in memory", PATIENCE, async || consumer.number("deliveries").await == 20_000).await;
    assert_eq!(site.done().await, 0);

    let asked = Instant::now();
    consumer.process.terminate();
    assert!(consumer.process.wait_exit(PATIENCE).success());
    assert!(asked.elapsed() < Duration::from_secs(10), "it took {:?}", asked.elapsed());
    assert_eq!(site.done().await, 20_000);
    site.assert_holds(&operations).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_were_removed_unread_are_counted_and_said_aloud() {
    let site = Site::on_kafka().await;
    let first = creates(30);
    site.send(&first).await;
    let mut consumer = Counted::start(&site, &[]);
    site.caught_up().await;
    consumer.process.terminate();
    assert!(consumer.process.wait_exit(PATIENCE).success());

    let committed = site.committed().await[&1];
    let more = creates(60);
    let places = site.send(&more).await;
    raw_kafka::remove_before(&site.channels.events.name, 1, committed + 5).await;
    let consumer = Counted::start(&site, &[]);
    site.caught_up().await;
    let numbers = consumer.numbers().await;
    assert_eq!((numbers["log_gaps"], numbers["log_gap_messages"]), (1, 5), "{numbers:?}");
    assert!(
        consumer.process.output().contains("the log removed messages before they were read: they are lost")
    );
    let read = |place: &bus::Written| place.partition != 1 || place.offset >= committed + 5;
    let kept = more.iter().zip(&places).filter(|(_, place)| read(place)).map(|(operation, _)| operation);
    site.assert_holds(&first.iter().chain(kept).cloned().collect::<Vec<_>>()).await;
}
