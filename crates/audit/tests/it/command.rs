//! `millrace-audit` as a process, on real Kafka.

use std::process::ExitStatus;

use audit::ledger::Ledger;
use testing::Process;

use crate::site::{PATIENCE, Site, create, delete, new_key, update};

/// How it ends, and what it says.
fn audit(site: &Site) -> (ExitStatus, String) {
    let environment = [
        ("KAFKA_BROKERS", testing::kafka::brokers().to_owned()),
        ("KAFKA_TOPIC", site.channels.events.name.clone()),
        ("KAFKA_GROUP_ID", site.channels.group.clone()),
        ("KAFKA_PARTITIONS", "3".to_owned()),
        ("CLICKHOUSE_URL", site.clickhouse.url.clone().unwrap()),
        ("CLICKHOUSE_DATABASE", site.clickhouse.database.clone()),
    ];
    let mut process = Process::start_with("millrace-audit", &[], &environment);
    (process.wait_exit(2 * PATIENCE), process.output())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_audit_fails_exactly_if_there_is_something_to_find_and_names_it() {
    let site = Site::on_kafka().await;
    let consumer = site.consume();
    let [live, deleted, never] = [(); 3].map(|()| new_key());
    let operations = [
        create(&live, "before"),
        update(&live, "after"),
        create(&deleted, "x"),
        delete(&deleted),
        update(&never, "x"),
    ];
    site.send(&operations, &mut Ledger::default()).await;
    let (status, output) = audit(&site);
    assert!(status.success(), "{output}");
    assert!(output.starts_with("5 records, 1 live events, 1 deleted\n"), "{output}");

    site.sql(&format!("ALTER TABLE events DELETE WHERE id = '{}'", live.id)).await;
    let (status, output) = audit(&site);
    assert!(!status.success(), "{output}");
    assert!(output.contains("lost        1\n") && output.contains(&live.id.to_string()), "{output}");
    consumer.stop().await;
}
