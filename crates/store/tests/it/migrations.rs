//! The table's history, as it is recorded and checked.

use std::time::Duration;

use model::{EventKey, IdempotencyKey, State, Stored, Write};
use sha2::{Digest, Sha256};
use store::{Config, StoreError};
use testing::wait::until;

use crate::database::{Database, created, id_at, new_key, saying, tenant, updated, version};

/// As the first version made it.
const RECORD_TABLE: &str = "
    CREATE TABLE {db}.schema_migrations
    (name String, checksum String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3))
    ENGINE = ReplacingMergeTree ORDER BY name";

const RECORDED: &str = "SELECT name, checksum FROM {db}.schema_migrations FINAL ORDER BY name";

const FIRST: &str = include_str!("../../../../migrations/0001_events.sql");
const SECOND: &str = include_str!("../../../../migrations/0002_idempotency_keys.sql");
const THIRD: &str = include_str!("../../../../migrations/0003_write_buffers.sql");
const FOURTH: &str = include_str!("../../../../migrations/0004_mentions.sql");
const FIFTH: &str = include_str!("../../../../migrations/0005_alerts.sql");
const SIXTH: &str = include_str!("../../../../migrations/0006_words.sql");
const SEVENTH: &str = include_str!("../../../../migrations/0007_months_at_rest.sql");
const EIGHTH: &str = include_str!("../../../../migrations/0008_rollups.sql");
const NINTH: &str = include_str!("../../../../migrations/0009_conversation_hours.sql");
const TENTH: &str = include_str!("../../../../migrations/0010_rollup_money.sql");
const ELEVENTH: &str = include_str!("../../../../migrations/0011_slowest.sql");
const TWELFTH: &str = include_str!("../../../../migrations/0012_alert_measures.sql");

/// What the record of the migrations has to say, as `sha256sum migrations/*` prints it.
fn expected_record() -> String {
    let files = [
        ("0001_events", FIRST),
        ("0002_idempotency_keys", SECOND),
        ("0003_write_buffers", THIRD),
        ("0004_mentions", FOURTH),
        ("0005_alerts", FIFTH),
        ("0006_words", SIXTH),
        ("0007_months_at_rest", SEVENTH),
        ("0008_rollups", EIGHTH),
        ("0009_conversation_hours", NINTH),
        ("0010_rollup_money", TENTH),
        ("0011_slowest", ELEVENTH),
        ("0012_alert_measures", TWELFTH),
    ];
    files.map(|(name, file)| format!("{name}\t{}", checksum(file))).join("\n")
}

fn checksum(file: &str) -> String {
    Sha256::digest(file).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Database {
    /// Makes the tables of the first version.
    async fn of_first_version(&self) {
        self.sql("CREATE DATABASE {db}").await;
        self.sql(RECORD_TABLE).await;
        let first =
            FIRST.replace("{database}", "{db}").replace("{on_cluster}", "").replace("{replicated}", "");
        self.sql(&first.replace("{settings}", "")).await;
        let record = format!(
            "INSERT INTO {{db}}.schema_migrations SELECT '0001_events', '{}', now()",
            checksum(FIRST)
        );
        self.sql(&record).await;
    }

    /// Migrates while four rows of as many hours are being inserted, by the tables as they were before.
    async fn migrate_during_an_insert(&self, columns: &str, values: &str) {
        let insert = format!(
            "INSERT INTO {{db}}.events (tenant, id, created_at, source, kind, conversation_id, subjects, {columns})
             SELECT 'acme', generateUUIDv7(), now64(3) - 3600 * number, 'segment', 'track', 'c-1', ['s-1'], {values}
             FROM numbers(4) WHERE sleepEachRow(0.5) = 0"
        );
        let migrate = async {
            until("the insert runs", Duration::from_secs(30), async || {
                let running =
                    "SELECT count() FROM system.processes WHERE query LIKE 'INSERT INTO {db}.events%'";
                self.sql(running).await == "1"
            })
            .await;
            until("the table is migrated", Duration::from_secs(60), async || {
                self.store.migrate().await.is_ok()
            })
            .await;
        };
        tokio::join!(self.sql(&insert), migrate);
    }
}

#[tokio::test]
async fn migrating_twice_is_migrating_once() {
    let database = Database::missing();
    database.store.migrate().await.unwrap();
    database.store.migrate().await.unwrap();
    assert_eq!(database.sql(RECORDED).await, expected_record());
    assert_eq!(database.sql("SELECT count() FROM {db}.schema_migrations").await, "12");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_at_once_migrate_like_one() {
    let database = Database::missing();
    let processes: Vec<_> = (0..4)
        .map(|_| {
            let store = store::Store::new(database.config.clone()).unwrap();
            // As all who serve do: one waits for the inserts of another that is further on.
            tokio::spawn(async move {
                while let Err(error) = store.migrate().await {
                    assert!(error.is_retryable(), "{}", error.detail());
                }
            })
        })
        .collect();
    for process in processes {
        process.await.unwrap();
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
async fn a_database_of_the_first_version_is_altered_where_it_is_and_keeps_its_rows() {
    let database = Database::missing();
    database.of_first_version().await;
    let id = id_at("2026-11-20T21:57:13.123Z");
    let (live, deleted) = (EventKey { tenant: tenant("a"), id }, EventKey { tenant: tenant("b"), id });
    let rows = format!(
        "INSERT INTO {{db}}.events (tenant, id, created_at, updated_at, received_at, source, kind, input, conversation_id, subjects, version, is_deleted)
         SELECT tenant, toUUID('{id}'), at, at, at, source, source = '' ? '' : 'event', 'said', source = '' ? '' : 'c-1', ['s-1'], version, is_deleted
         FROM (SELECT toDateTime64('2026-11-20 21:57:13.123', 3, 'UTC') AS at, tenant, source, version, is_deleted
               FROM VALUES('tenant String, source String, version UInt64, is_deleted UInt8', ('a', 'native', {}, 0), ('b', '', {}, 1)))",
        version(Write::Create, 1).raw(),
        version(Write::Delete, 2).raw()
    );
    database.sql(&rows).await;

    database.store.migrate().await.unwrap();
    assert_eq!(database.sql(RECORDED).await, expected_record());
    let found = database.rows(&[live.clone(), deleted.clone()]).await;
    let Stored { state: State::Live(event), applied, .. } = &found[&live] else { panic!("a live row") };
    assert_eq!((&*event.content.input, applied.as_slice()), ("said", &[][..]));
    assert!(matches!(found[&deleted].state, State::Deleted { .. }));
    let named = "SELECT tenant, kind, value FROM {db}.mentions FINAL ORDER BY tenant";
    assert_eq!(database.sql(named).await, "a\tsubject\ts-1\nb\tsubject\ts-1");
    let hours =
        "SELECT tenant, conversation_id, toDateTime(hour * 3600, 'UTC') FROM {db}.conversation_hours FINAL";
    assert_eq!(database.sql(hours).await, "a\tc-1\t2026-11-20 21:00:00");

    let mut keyed = updated(&live, 3, saying("more"));
    keyed.1.applied.push(IdempotencyKey::of(b"key"));
    database.store.insert(std::slice::from_ref(&keyed)).await.unwrap();
    assert_eq!(database.store.event(&live).await.unwrap().as_ref(), Some(&keyed.1));
    database.sql("OPTIMIZE TABLE {db}.events FINAL").await;
    assert_eq!(database.store.event(&live).await.unwrap(), Some(keyed.1));
}

/// As a consumer of the version before it may still be inserting.
#[tokio::test]
async fn what_is_inserted_while_the_view_of_names_is_made_is_in_the_index_too() {
    let database = Database::missing();
    database.of_first_version().await;
    database.migrate_during_an_insert("version", "1").await;
    let named =
        "SELECT count(), uniqExact(id) FROM {db}.mentions FINAL WHERE tenant = 'acme' AND value = 's-1'";
    assert_eq!(database.sql(named).await, "4\t4");
}

#[tokio::test]
async fn what_is_inserted_while_the_view_of_conversations_is_made_is_in_the_index_too() {
    let database = Database::new().await;
    for before in [
        "DROP VIEW {db}.conversation_hours_of_events SYNC",
        "DROP TABLE {db}.conversation_hours SYNC",
        "ALTER TABLE {db}.schema_migrations DELETE WHERE name = '0009_conversation_hours' SETTINGS mutations_sync = 1",
    ] {
        database.sql(before).await;
    }
    database.migrate_during_an_insert("version, schema_version", "1, 8").await;
    let hours = "SELECT uniqExact(hour) FROM {db}.conversation_hours WHERE tenant = 'acme' AND conversation_id = 'c-1'";
    assert_eq!(database.sql(hours).await, "4");
}

#[tokio::test]
async fn a_table_that_a_newer_version_has_shut_takes_no_rows_and_says_why() {
    let database = Database::new().await;
    let row = created(&new_key(), 1, saying("hello"));
    database.store.insert(std::slice::from_ref(&row)).await.unwrap();
    database
        .sql("ALTER TABLE {db}.events ADD CONSTRAINT IF NOT EXISTS schema_9999 CHECK schema_version >= 9999")
        .await;
    let error = database.store.insert(std::slice::from_ref(&row)).await.unwrap_err();
    assert!(matches!(error, StoreError::Newer(_)) && error.is_retryable() && !error.is_refusal(), "{error}");
    assert!(error.to_string().starts_with("the database takes no rows of this version any more"), "{error}");
    assert_eq!(database.store.event(&row.0).await.unwrap(), Some(row.1), "it can still be read");
}

/// Its old rows, of which one is inserted again, would be refused as they are.
#[tokio::test]
async fn whether_another_row_goes_in_is_asked_with_what_this_version_writes() {
    let database = Database::new().await;
    let (old, key) = (created(&new_key(), 1, saying("hello")), new_key());
    database.store.insert(std::slice::from_ref(&old)).await.unwrap();
    database
        .sql("ALTER TABLE {db}.events UPDATE schema_version = 1 WHERE 1 SETTINGS mutations_sync = 1")
        .await;
    database.sql("ALTER TABLE {db}.events ADD CONSTRAINT schema_2 CHECK schema_version >= 2").await;
    assert_eq!(database.store.takes_another(&key).await, Some(true));
    assert_eq!(database.store.event(&old.0).await.unwrap(), Some(old.1), "it is the same event");
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
    for error in
        [database.store.migrate().await.unwrap_err(), database.store.check_schema().await.unwrap_err()]
    {
        assert!(
            error
                .to_string()
                .starts_with("the database has migration 0999_later, which this version does not know")
        );
        assert!(matches!(error, StoreError::Newer(_)) && !error.is_refusal());
    }
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
    assert!(made.contains("max_compress_block_size = 131072"), "{made}");
    assert!(made.contains("ENGINE = ReplacingMergeTree(version, is_deleted)"), "{made}");
    assert!(made.contains("PARTITION BY toYYYYMM(created_at)"), "{made}");
    assert!(made.contains("ORDER BY (tenant, created_at, id)"), "{made}");
}

#[tokio::test]
async fn a_month_at_rest_becomes_one_part() {
    let database = Database::new().await;
    let settings = database
        .sql("SELECT engine_full FROM system.tables WHERE database = '{db}' AND name = 'events'")
        .await;
    assert!(settings.contains("min_age_to_force_merge_seconds = 21600"), "{settings}");
    // As if it had been at rest for six hours.
    let sooner = "ALTER TABLE {db}.events MODIFY SETTING min_age_to_force_merge_seconds = 1, merge_selecting_sleep_ms = 100";
    database.sql(sooner).await;
    for n in 1..=3 {
        let key = EventKey { tenant: tenant("acme"), id: id_at("2026-09-20T12:00:00Z") };
        database.store.insert(&[created(&key, n, saying("something"))]).await.unwrap();
    }
    until("the month is one part", Duration::from_secs(60), async || {
        let parts =
            "SELECT count() FROM system.parts WHERE database = '{db}' AND table = 'events' AND active";
        database.sql(parts).await == "1"
    })
    .await;
    assert_eq!(database.sql("SELECT count() FROM {db}.events").await, "3");
}
