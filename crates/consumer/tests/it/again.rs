//! A range of the topic folded into the table again.

use clap::Parser;
use consumer::{Config, replay};
use runtime::shutdown::Shutdown;
use tokio::time::timeout;

use crate::operations::{AppliedOnce, answer, create, creates, mixed, new_key};
use crate::site::{PATIENCE, Site, small_batches};

const EVERYTHING: &str = "SELECT * FROM {db}.events FINAL ORDER BY tenant, created_at, id";

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    replay: replay::Arguments,
}

impl Site {
    /// What `replay --from` says in the end.
    async fn again(&self, from: &str) -> String {
        let line = Line::try_parse_from(["replay", "--from", from]).unwrap();
        let (shutdown, mut out) = (Shutdown::new(), Vec::new());
        let config = Config { max_batch_bytes: 100_000, ..Config::default() };
        let run = replay::run(line.replay, config, &self.channels, self.store.clone(), &shutdown, &mut out);
        timeout(PATIENCE, run).await.expect("it ends in time").unwrap();
        String::from_utf8(out).unwrap().trim_end().to_owned()
    }

    /// What it says when it is asked to end before it has begun.
    async fn interrupted(&self, from: &str) -> String {
        let line = Line::try_parse_from(["replay", "--from", from]).unwrap();
        let (shutdown, mut out) = (Shutdown::new(), Vec::new());
        shutdown.cancel();
        let (channels, store) = (&self.channels, self.store.clone());
        let run = replay::run(line.replay, Config::default(), channels, store, &shutdown, &mut out).await;
        run.unwrap_err().to_string()
    }

    async fn truncate(&self) {
        self.sql("TRUNCATE TABLE {db}.events").await;
        assert_eq!(self.count().await, 0);
    }
}

pub(crate) async fn an_emptied_table_is_filled_again_as_it_was(site: Site) {
    let operations = mixed(50, 80, 3_000);
    let consumer = site.start(small_batches());
    site.send(&operations).await;
    site.caught_up().await;
    consumer.stop().await;
    let (before, committed, letters) =
        (site.sql(EVERYTHING).await, site.committed().await, site.letters().await.len());
    let unknown = AppliedOnce::of(&operations).unknown;
    assert!(unknown > 0 && letters == unknown);

    for _ in 0..2 {
        site.truncate().await;
        let said = site.again("beginning").await;
        assert!(said.starts_with("3000 messages: "), "{said}");
        assert!(said.ends_with(&format!(", {unknown} unknown_event")), "{said}");
        assert!(site.sql(EVERYTHING).await == before, "another table");
        site.assert_holds(&operations).await;
    }
    assert_eq!(site.committed().await, committed);
    assert_eq!(site.letters().await.len(), letters, "second letters");

    // Consumers go on as if nothing had happened.
    let consumer = site.start(small_batches());
    let more = mixed(51, 80, 500);
    site.send(&more).await;
    site.caught_up().await;
    site.assert_holds(&[operations, more].concat()).await;
    consumer.stop().await;
}

pub(crate) async fn beside_a_running_consumer_nothing_changes(site: Site) {
    let mut operations = mixed(52, 60, 2_000);
    let consumer = site.start(small_batches());
    site.send(&operations).await;
    site.caught_up().await;
    let more = mixed(52, 60, 2_000);
    let (_, said) = tokio::join!(site.send(&more), async {
        for from in ["beginning", "0:100,2:7"] {
            site.again(from).await;
        }
        site.again("2025-01-01T00:00:00Z").await
    });
    assert!(said.contains(" messages: "), "{said}");
    operations.extend(more);
    site.caught_up().await;
    site.assert_holds(&operations).await;
    consumer.stop().await;
}

pub(crate) async fn what_the_group_has_yet_to_come_to_is_left_to_it(site: Site) {
    let key = new_key();
    let done = [create(&key, "hello"), answer(&key, "one")];
    let consumer = site.start(small_batches());
    site.send(&done).await;
    site.caught_up().await;
    consumer.stop().await;
    let mut later = creates(10);
    later.push(answer(&key, "two"));
    site.send(&later).await;

    site.truncate().await;
    let said = site.again("beginning").await;
    assert_eq!(
        said,
        "2 messages: 2 folded into 1 rows, 0 that the table has, 0 of deleted events; 11 left to the consumers, who have yet to come to them"
    );
    site.assert_holds(&done).await;
    assert_eq!(site.interrupted("0:0,2:0").await, "interrupted: replay --from 0:0,2:0 goes on");
    let consumer = site.start(small_batches());
    site.caught_up().await;
    site.assert_holds(&[done.as_slice(), &later].concat()).await;
    consumer.stop().await;
}
