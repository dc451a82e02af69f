//! What the embedded log has acknowledged survives kill -9.

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use bus::log::{Log, Options};
use bus::{Bus, BusError, Record, Schedule, Topic};

use crate::place::{GROUP, ROOM, deliveries, record};

const LOG: &str = "MILLRACE_TEST_LOG";
const KEPT: &str = "kept ";
const SENDERS: usize = 16;

fn crash_topic() -> Topic {
    Topic::new("crash", Schedule::constant(4), 100_000)
}

/// The value can be told from its key, and has any length.
fn crash_record(key: &str) -> Record {
    Record {
        headers: vec![("copy".to_owned(), key.into())],
        ..record(key, key.repeat(usize::from(key.as_bytes()[0] % 50)))
    }
}

/// Run by the test below in a process of its own: sends until it is killed and says what was acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "does nothing by itself"]
async fn victim() {
    let Some(path) = env::var_os(LOG) else { return };
    let bus = Bus::Log(Log::open(Path::new(&path), Options::default()).unwrap());
    let topic = crash_topic();
    bus.ensure_topic(&topic).await.unwrap();
    let producer = Arc::new(bus.producer(&topic).unwrap());
    println!();
    let senders: Vec<_> = (0..SENDERS).map(|_| tokio::spawn(send_for_ever(Arc::clone(&producer)))).collect();
    for sender in senders {
        sender.await.unwrap();
    }
}

async fn send_for_ever(producer: Arc<bus::Producer>) {
    loop {
        let key = format!("{:032x}", rand::random::<u128>());
        let written = producer.send(crash_record(&key)).await.unwrap();
        // Nobody listens once the test is over.
        println!("{KEPT}{} {} {key}", written.partition, written.offset);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut kept = BTreeMap::new();
    for round in 1..=5 {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["crash::victim", "--exact", "--include-ignored", "--nocapture"])
            .env(LOG, &path)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut lines = lines.map_while(Result::ok).filter_map(|line| parse(&line));
        let before = kept.len();
        kept.extend(lines.by_ref().take(round * 150));
        assert_eq!(kept.len() - before, round * 150, "it ended by itself");
        assert!(matches!(Log::open(&path, Options::default()), Err(BusError::Refused(_))));
        child.kill().unwrap();
        child.wait().unwrap();
        kept.extend(lines);
        check(&path, &kept).await;
    }
}

/// A line that was cut off by the kill is none.
fn parse(line: &str) -> Option<((i32, i64), String)> {
    let mut words = line.strip_prefix(KEPT)?.split(' ');
    let at = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let key = words.next().filter(|key| key.len() == 32)?;
    Some((at, key.to_owned()))
}

/// Everything acknowledged is there, and whatever is there is whole and without gaps.
async fn check(path: &Path, kept: &BTreeMap<(i32, i64), String>) {
    let log = Log::open(path, Options::default()).unwrap();
    let bus = Bus::Log(log.clone());
    let topic = crash_topic();
    let ends = bus.positions(&topic, GROUP).unwrap().partitions().await.unwrap();
    let count: i64 = ends.iter().map(|at| at.end).sum();
    let mut next = [0; 4];
    let mut source = bus.source(&topic, GROUP, ROOM).unwrap();
    let mut found = BTreeMap::new();
    for delivery in deliveries(&mut source, usize::try_from(count).unwrap()).await {
        let next = &mut next[usize::try_from(delivery.partition).unwrap()];
        assert_eq!(delivery.offset, *next);
        *next += 1;
        let key = String::from_utf8(delivery.key.unwrap()).unwrap();
        let whole = crash_record(&key);
        assert_eq!((&delivery.value, &delivery.headers), (&whole.value, &whole.headers));
        found.insert((delivery.partition, delivery.offset), key);
    }
    assert!(kept.iter().all(|(at, key)| found.get(at) == Some(key)), "an acknowledged record is missing");
    drop(source);
    log.close().await.unwrap();
}
