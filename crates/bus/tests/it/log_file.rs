//! The embedded log and its file: who may open it, what a failed write leaves, how it ends.

use std::fs;
use std::path::PathBuf;

use bus::log::{Log, Options};
use bus::{Bus, BusError, Schedule, SendError, Topic};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::place::{GROUP, ROOM, deliveries, record, topic, values};

/// A log with a topic of one partition.
struct Opened {
    log: Log,
    bus: Bus,
    topic: Topic,
    path: PathBuf,
    _folder: TempDir,
}

async fn open(options: Options) -> Opened {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let log = Log::open(&path, options).unwrap();
    let bus = Bus::Log(log.clone());
    let topic = topic(Schedule::constant(1));
    bus.ensure_topic(&topic).await.unwrap();
    Opened { log, bus, topic, path, _folder: folder }
}

/// Why a log can't be opened, if someone has to change something.
fn refusal(path: &std::path::Path) -> String {
    match Log::open(path, Options::default()) {
        Err(BusError::Refused(reason)) => reason,
        Err(error) => panic!("not refused: {error}"),
        Ok(_) => panic!("opened"),
    }
}

#[tokio::test]
async fn a_log_that_is_open_is_refused_in_one_line() {
    let opened = open(Options::default()).await;
    let path = opened.path.display();
    assert_eq!(refusal(&opened.path), format!("the log {path} is in use by another process"));
}

#[tokio::test]
async fn other_files_and_other_formats_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text");
    fs::write(&path, "nothing that a database would begin with, and long enough to be one".repeat(100))
        .unwrap();
    assert_eq!(refusal(&path), format!("{} is a file, but not a log", path.display()));

    let path = folder.path().join("newer");
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 2).unwrap();
    assert!(refusal(&path).contains("format 2"));
}

#[tokio::test]
async fn a_group_has_one_source_at_a_time() {
    let Opened { bus, topic, _folder, .. } = open(Options::default()).await;
    let first = bus.source(&topic, GROUP, ROOM).unwrap();
    assert!(matches!(bus.source(&topic, GROUP, ROOM), Err(BusError::Refused(_))));
    bus.source(&topic, "another", ROOM).unwrap();
    drop(first);
    bus.source(&topic, GROUP, ROOM).unwrap();
}

#[tokio::test]
async fn a_missing_topic_is_said_to_be_missing() {
    let Opened { bus, _folder, .. } = open(Options::default()).await;
    let missing = topic(Schedule::constant(1));
    let sent = bus.producer(&missing).unwrap().send(record("key", "value")).await;
    assert!(matches!(sent, Err(SendError::Unavailable(reason)) if reason.contains(&missing.name)));
    assert!(matches!(bus.source(&missing, GROUP, ROOM), Err(BusError::Unavailable { .. })));
    let positions = bus.positions(&missing, GROUP).unwrap();
    assert!(matches!(positions.partitions().await, Err(BusError::Unavailable { .. })));
}

#[tokio::test]
async fn a_full_queue_is_said_at_once() {
    let Opened { bus, topic, path, _folder, .. } =
        open(Options { max_queued_bytes: 1, ..Options::default() }).await;
    let producer = bus.producer(&topic).unwrap();
    // The writer waits for this one for some time.
    let blocker = Connection::open(&path).unwrap();
    blocker.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (waits, refused) =
        tokio::join!(producer.send(record("key", "waits")), producer.send(record("key", "refused")));
    assert!(matches!(waits, Err(SendError::Unavailable(_))), "{waits:?}");
    assert_eq!(refused, Err(SendError::Full));
    drop(blocker);
    assert_eq!(producer.send(record("key", "later")).await.unwrap().offset, 0);
}

#[tokio::test]
async fn a_failed_write_leaves_nothing_and_the_next_one_goes_on() {
    let Opened { bus, topic, path, _folder, .. } = open(Options::default()).await;
    let producer = bus.producer(&topic).unwrap();
    producer.send(record("key", "first")).await.unwrap();
    let saboteur = Connection::open(&path).unwrap();
    saboteur
        .execute_batch(
            "CREATE TRIGGER sabotage BEFORE INSERT ON records WHEN NEW.value = CAST('bad' AS BLOB)
             BEGIN SELECT RAISE(ABORT, 'the disk is on fire'); END",
        )
        .unwrap();
    let bad = producer.send(record("key", "bad")).await.unwrap_err();
    assert!(matches!(&bad, SendError::Unavailable(reason) if reason.contains("on fire")), "{bad}");
    assert_eq!(producer.send(record("key", "second")).await.unwrap().offset, 1);
    let mut source = bus.source(&topic, GROUP, ROOM).unwrap();
    assert_eq!(values(&mut source, 2).await, ["first", "second"]);
}

#[tokio::test]
async fn closing_ends_sources_and_leaves_everything_in_the_one_file() {
    let Opened { log, bus, topic, path, _folder } = open(Options::default()).await;
    let producer = bus.producer(&topic).unwrap();
    producer.send(record("key", "kept")).await.unwrap();
    let mut source = bus.source(&topic, GROUP, ROOM).unwrap();
    deliveries(&mut source, 1).await;
    log.close().await.unwrap();

    assert!(source.next().await.is_none());
    assert!(matches!(producer.send(record("key", "late")).await, Err(SendError::Unavailable(_))));
    let wal = path.with_file_name("log-wal");
    assert_eq!(fs::metadata(wal).map_or(0, |wal| wal.len()), 0);
    let again = Bus::Log(Log::open(&path, Options::default()).unwrap());
    assert_eq!(values(&mut again.source(&topic, GROUP, ROOM).unwrap(), 1).await, ["kept"]);
}
