//! `dead-letters` as a process: what it prints and returns, and what kill -9 leaves.

use std::collections::HashSet;
use std::time::Duration;

use bus::Record;
use consumer::Config;
use futures_util::future::join_all;
use model::Operation;
use testing::Process;
use testing::wait::until;

use crate::commands::said;
use crate::operations::{answer, create, creates, new_key};
use crate::site::{PATIENCE, Site, record, small_batches};

const LETTERS: usize = 20_000;

impl Site {
    fn command(&self, arguments: &[&str]) -> Process {
        let environment = self.environment(&[("LOG_LEVEL", "error")]);
        Process::start_with("millrace-consumer", arguments, &environment)
    }

    /// Letters of messages that can be put back, as if these had been on the topic.
    async fn bury_all(&self, operations: &[Operation<'static>]) {
        let producer = self.channels.bus.producer(&self.channels.dead_letters).unwrap();
        let header = |name: &str, value: String| (name.to_owned(), value.into_bytes());
        let letter = |(n, operation): (usize, &Operation<'static>)| Record {
            headers: vec![
                header("millrace-reason", "refused".into()),
                header("millrace-topic", self.channels.events.name.clone()),
                header("millrace-partition", "0".into()),
                header("millrace-offset", n.to_string()),
            ],
            ..record(operation)
        };
        let letters: Vec<_> = operations.iter().enumerate().map(letter).collect();
        for some in letters.chunks(5_000) {
            for sent in join_all(some.iter().map(|letter| producer.send(letter.clone()))).await {
                sent.unwrap();
            }
        }
    }

    /// Where the marks end; 0 as long as there is no topic of them.
    async fn marks_end(&self) -> i64 {
        let positions = self.channels.bus.positions(&self.channels.replayed, "nobody").unwrap();
        positions.partitions().await.map_or(0, |all| all.iter().map(|at| at.end).sum())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_killed_again_and_again_puts_each_message_back_once() {
    let site = Site::on_kafka().await;
    let operations = creates(LETTERS);
    site.bury_all(&operations).await;
    let mut killed_in_the_middle = 0;
    for round in 0..10 {
        let before = site.marks_end().await;
        let mut process = site.command(&["dead-letters", "replay", "--all"]);
        if round > 0 {
            until("it has begun", PATIENCE, async || site.marks_end().await > before).await;
        }
        // At any moment of what it does, or of its start.
        tokio::time::sleep(Duration::from_millis(round * 7)).await;
        process.kill_9();
        if round > 0 {
            if site.everything_on(&site.channels.replayed).await.len() == LETTERS {
                break;
            }
            killed_in_the_middle += 1;
        }
    }
    assert!(killed_in_the_middle > 0);

    let mut last = site.command(&["dead-letters", "replay", "--all"]);
    assert!(last.wait_exit(PATIENCE).success());
    for topic in [&site.channels.events, &site.channels.replayed] {
        let all = site.everything_on(topic).await;
        let different: HashSet<_> = all.iter().map(|delivery| (&delivery.key, &delivery.value)).collect();
        assert_eq!((all.len(), different.len()), (LETTERS, LETTERS), "{}", topic.name);
    }
    let consumer = site.start(Config::default());
    site.caught_up().await;
    assert_eq!(site.count().await, u64::try_from(LETTERS).unwrap());
    consumer.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_that_is_asked_to_end_says_how_far_it_came_and_can_go_on() {
    let site = Site::on_kafka().await;
    site.bury_all(&creates(LETTERS)).await;
    let mut first = site.command(&["dead-letters", "replay", "--all"]);
    until("it has begun", PATIENCE, async || site.marks_end().await > 0).await;
    first.terminate();
    let finished = first.wait_exit(PATIENCE).success();
    let (output, done) = (first.output(), site.everything_on(&site.channels.events).await.len());
    assert!(output.contains(&said(done, 0, 0)), "{output}");
    assert!(finished || output.contains("error: interrupted"), "{output}");

    assert_eq!(site.replay(&["--all"]).await, said(LETTERS - done, done, 0));
    assert_eq!(site.everything_on(&site.channels.events).await.len(), LETTERS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_replay_takes_over_from_the_first() {
    let site = Site::on_kafka().await;
    site.bury_all(&creates(LETTERS)).await;
    let mut first = site.command(&["dead-letters", "replay", "--all"]);
    until("it has begun", PATIENCE, async || site.marks_end().await > 0).await;
    let mut second = site.command(&["dead-letters", "replay", "--all"]);
    assert!(second.wait_exit(PATIENCE).success());
    if !first.wait_exit(PATIENCE).success() {
        assert!(first.output().contains("another process has taken over"), "{}", first.output());
    }
    assert_eq!(site.everything_on(&site.channels.events).await.len(), LETTERS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_exit_code_says_whether_all_was_done() {
    let site = Site::on_kafka().await;
    let consumer = site.start(small_batches());
    let key = new_key();
    let garbage = Record { value: b"garbage".to_vec(), ..record(&create(&new_key(), "")) };
    site.send_record(garbage).await;
    site.caught_up().await;
    site.send(&[answer(&key, "early"), create(&key, "hello")]).await;
    site.caught_up().await;

    let finished = |arguments: &[&str]| {
        let mut process = site.command(arguments);
        (process.wait_exit(PATIENCE).code(), process.output())
    };
    let (code, output) = finished(&["dead-letters", "list"]);
    assert_eq!((code, output.lines().count()), (Some(0), 3), "{output}");
    assert_eq!(finished(&["dead-letters", "show", "0", "--raw"]), (Some(0), "garbage".to_owned()));
    assert_eq!(finished(&["dead-letters", "replay", "--id", "1"]), (Some(0), said(1, 0, 0) + "\n"));
    let (code, output) = finished(&["dead-letters", "replay", "--all"]);
    assert!(code == Some(1) && output.contains("letter 0: still a dead letter (undecodable): "), "{output}");
    assert!(output.ends_with(&(said(0, 1, 1) + "\n")), "{output}");
    for wrong in [
        ["dead-letters", "replay"].as_slice(),
        &["dead-letters", "replay", "--all", "--id", "1"],
        &["dead-letters", "replay", "--all", "--value", "x"],
        &["dead-letters", "list", "--since", "yesterday"],
        &["replay"],
        &["replay", "--from", "somewhere"],
    ] {
        assert_eq!(finished(wrong).0, Some(2), "{wrong:?}");
    }
    let (code, output) = finished(&["replay", "--from", "beginning"]);
    assert!(code == Some(0) && output.contains("4 messages: "), "{output}");
    consumer.stop().await;
}
