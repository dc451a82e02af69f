//! The table's history, as it is recorded and checked.

use sha2::{Digest, Sha256};
use store::{Config, StoreError};

use crate::database::Database;

const RECORDED: &str = "SELECT name, checksum FROM {db}.schema_migrations FINAL ORDER BY name";

/// What the record of the one migration there is has to say, as `sha256sum migrations/*` prints it.
fn expected_record() -> String {
    let digest = Sha256::digest(include_str!("../../../../migrations/0001_events.sql"));
    let hexadecimal: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("0001_events\t{hexadecimal}")
}

#[tokio::test]
async fn migrating_twice_is_migrating_once() {
    let database = Database::missing();
    database.store.migrate().await.unwrap();
    database.store.migrate().await.unwrap();
    assert_eq!(database.sql(RECORDED).await, expected_record());
    assert_eq!(database.sql("SELECT count() FROM {db}.schema_migrations").await, "1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_at_once_migrate_like_one() {
    let database = Database::missing();
    let processes: Vec<_> = (0..4)
        .map(|_| {
            let store = store::Store::new(database.config.clone()).unwrap();
            tokio::spawn(async move { store.migrate().await })
        })
        .collect();
    for process in processes {
        process.await.unwrap().unwrap();
    }
    assert_eq!(database.sql(RECORDED).await, expected_record());
    assert_eq!(database.sql("SELECT count() FROM {db}.events").await, "0");
}

#[tokio::test]
async fn a_migration_that_was_made_but_not_recorded_is_recorded() {
    let database = Database::new().await;
    database.sql("TRUNCATE TABLE {db}.schema_migrations").await;
    database.store.migrate().await.unwrap();
    assert_eq!(database.sql(RECORDED).await, expected_record());
}

#[tokio::test]
async fn a_file_that_was_changed_after_it_was_applied_is_a_clear_error() {
    let database = Database::new().await;
    database.sql("TRUNCATE TABLE {db}.schema_migrations").await;
    database.sql("INSERT INTO {db}.schema_migrations (name, checksum) SELECT '0001_events', '00ff'").await;
    let error = database.store.migrate().await.unwrap_err();
    assert_refused(&error, "migration 0001_events was changed after it was applied");
}

#[tokio::test]
async fn a_database_from_the_future_is_a_clear_error() {
    let database = Database::new().await;
    database.sql("INSERT INTO {db}.schema_migrations (name, checksum) SELECT '0999_later', '00ff'").await;
    let error = database.store.migrate().await.unwrap_err();
    assert_refused(&error, "the database has migration 0999_later, which this version does not know");
}

/// Trying again would not help, and no row is at fault.
fn assert_refused(error: &StoreError, message: &str) {
    assert!(error.to_string().starts_with(message), "{error}");
    assert!(matches!(error, StoreError::Migration(_)) && !error.is_retryable() && !error.is_refusal());
}

#[tokio::test]
async fn a_server_alone_on_its_machine_syncs_each_insert() {
    let database = Database::with(Config { fsync: true, ..Config::default() });
    database.store.migrate().await.unwrap();
    for table in ["events", "schema_migrations"] {
        let made = database.sql(&format!("SHOW CREATE TABLE {{db}}.{table}")).await;
        assert!(
            made.contains("fsync_after_insert = 1") && made.contains("fsync_part_directory = 1"),
            "{made}"
        );
    }
}

#[tokio::test]
async fn a_server_with_replicas_is_left_to_its_own_settings() {
    let database = Database::new().await;
    let made = database.sql("SHOW CREATE TABLE {db}.events").await;
    assert!(!made.contains("fsync") && made.contains("index_granularity = 2048"), "{made}");
    assert!(made.contains("ENGINE = ReplacingMergeTree(version, is_deleted)"), "{made}");
    assert!(made.contains("PARTITION BY toYYYYMM(created_at)"), "{made}");
    assert!(made.contains("ORDER BY (tenant, created_at, id)"), "{made}");
}
