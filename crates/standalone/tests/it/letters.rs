//! `millrace dead-letters` and `millrace replay`: on the data of a standalone that is stopped.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use bus::log::{Log, Options};
use bus::{Channels, From, Record, Topic};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tempfile::TempDir;
use testing::Process;

use crate::installation::{Installation, embedded_environment};

const GRACE: Duration = Duration::from_secs(60);
const LETTERS: usize = 4_000;

/// Runs `millrace` with these arguments on this data to its end; gives its exit code and what it printed.
fn run(data: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let mut process = start(data, arguments);
    (process.wait_exit(GRACE).code(), process.output())
}

fn start(data: &Path, arguments: &[&str]) -> Process {
    let mut environment = embedded_environment(data, 0, 0);
    environment.push(("LOG_LEVEL", "error".into()));
    Process::start_with("millrace", arguments, &environment)
}

fn said(replayed: usize, skipped: usize) -> String {
    format!("replayed {replayed}, skipped {skipped} that were replayed before, failed on 0\n")
}

#[tokio::test]
async fn an_update_that_came_before_its_event_is_replayed_while_millrace_is_stopped() {
    let mut millrace = Installation::embedded().await;
    let id = "019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5b";
    let url = format!("{}/event/{id}", millrace.api);
    let update = millrace.client.put(url).json(&json!({"output": "early"})).send().await.unwrap();
    assert_eq!(update.status(), 202);
    millrace.caught_up().await;
    let event = json!({"id": id, "conversation_id": "c", "event_name": "event_a"});
    assert_eq!(millrace.post("/event", &event).await.status(), 202);

    let (code, output) = run(millrace.data(), &["dead-letters", "list"]);
    assert_eq!((code, output.lines().count()), (Some(1), 1), "{output}");
    assert!(output.starts_with("error: if Millrace runs on this data, stop it first: "), "{output}");
    millrace.stop();

    let (code, output) = run(millrace.data(), &["dead-letters", "list", "--json"]);
    let line: Value = serde_json::from_str(&output).unwrap();
    assert_eq!((code, &line["reason"], &line["event_id"]), (Some(0), &json!("unknown_event"), &json!(id)));
    for (replayed, skipped) in [(1, 0), (0, 1)] {
        let outcome = run(millrace.data(), &["dead-letters", "replay", "--all"]);
        assert_eq!(outcome, (Some(0), said(replayed, skipped)));
    }
    let (code, output) = run(millrace.data(), &["replay", "--from", "beginning"]);
    assert_eq!(code, Some(0), "{output}");
    assert!(output.starts_with("2 messages: ") && output.contains("1 left to the consumers"), "{output}");

    millrace.start_all().await;
    millrace.caught_up().await;
    let found: Value = millrace.get(&format!("/event/{id}")).await.unwrap().json().await.unwrap();
    assert_eq!(found["data"]["output"], "early");
}

#[test]
fn a_folder_without_data_is_said_to_have_none_and_stays_so() {
    let data = TempDir::new().unwrap();
    let (code, output) = run(data.path(), &["dead-letters", "list"]);
    assert!(code == Some(1) && output.starts_with("error: there is no log in "), "{output}");
    assert!(std::fs::read_dir(data.path()).unwrap().next().is_none());
}

fn open(data: &Path) -> (Log, Channels) {
    let options = Options { delivery_timeout: GRACE, ..Options::default() };
    let log = Log::open(&data.join("log.sqlite"), options).unwrap();
    let channels = Channels::log(log.clone(), &bus::kafka::Config::default()).unwrap();
    (log, channels)
}

/// The message of a letter, which can be put back.
fn message(number: usize) -> Record {
    let id = format!("019aa2b1-c3d4-7e5f-8a9b-{number:012x}");
    let value = json!({"v": 1, "operation": "delete", "event_id": id, "tenant": "default", "timestamp": "2026-11-20T21:57:13Z"});
    let header = |name: &str, value: String| (name.to_owned(), value.into_bytes());
    Record {
        key: Some(id.into_bytes()),
        value: value.to_string().into_bytes(),
        headers: vec![
            header("millrace-topic", "events".into()),
            header("millrace-partition", "0".into()),
            header("millrace-offset", number.to_string()),
        ],
        ..Record::default()
    }
}

async fn keys_on(channels: &Channels, topic: &Topic) -> Vec<Vec<u8>> {
    let mut keys = Vec::new();
    if channels.bus.has_topic(topic).await.unwrap() {
        let mut range = channels.bus.read_range(topic, From::Beginning).await.unwrap();
        while let Some(delivery) = range.next().await {
            keys.push(delivery.unwrap().key.unwrap());
        }
    }
    keys
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_killed_at_any_moment_puts_each_message_back_once() {
    let data = TempDir::new().unwrap();
    let (log, channels) = open(data.path());
    channels.ensure_topics().await.unwrap();
    let producer = channels.bus.producer(&channels.dead_letters).unwrap();
    for sent in join_all((0..LETTERS).map(|number| producer.send(message(number)))).await {
        sent.unwrap();
    }
    log.close().await.unwrap();

    let mut put_back = 0;
    for delay_ms in [10, 20, 30, 40, 50, 60, 80, 100, 130, 160] {
        let mut process = start(data.path(), &["dead-letters", "replay", "--all"]);
        // At any moment of its start and of what it does.
        tokio::time::sleep(Duration::from_millis(delay_ms)).await;
        process.kill_9();
        let (log, channels) = open(data.path());
        let (messages, marks) =
            (keys_on(&channels, &channels.events).await, keys_on(&channels, &channels.replayed).await);
        log.close().await.unwrap();
        assert_eq!(messages.len(), marks.len());
        put_back = messages.len();
    }
    assert_eq!(
        run(data.path(), &["dead-letters", "replay", "--all"]),
        (Some(0), said(LETTERS - put_back, put_back))
    );
    let (log, channels) = open(data.path());
    let keys = keys_on(&channels, &channels.events).await;
    assert_eq!(keys.iter().collect::<HashSet<_>>().len(), LETTERS);
    assert_eq!(keys.len(), LETTERS);
    log.close().await.unwrap();
}
