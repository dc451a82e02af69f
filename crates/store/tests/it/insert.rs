//! What the table takes, and what it refuses.

use std::collections::HashMap;

use model::{Content, EventKey, JsonText, Tenant};
use store::{Store, StoreError};

use crate::database::{Database, created, id_at, new_key, saying};

#[tokio::test]
async fn one_insert_spans_130_months() {
    let database = Database::new().await;
    let months = (0..130).map(|n| format!("{}-{:02}-15T12:00:00Z", 2015 + n / 12, 1 + n % 12));
    let rows: Vec<_> = (0..)
        .zip(months)
        .map(|(n, at)| created(&EventKey { tenant: Tenant::default(), id: id_at(&at) }, n, saying(&at)))
        .collect();
    database.store.insert(&rows).await.unwrap();
    let partitions = "SELECT uniqExact(partition) FROM system.parts WHERE database = '{db}' AND table = 'events' AND active";
    assert_eq!(database.sql(partitions).await, "130");
    let keys: Vec<_> = rows.iter().map(|(key, _)| key.clone()).collect();
    assert_eq!(database.rows(&keys).await, rows.into_iter().collect());
}

#[tokio::test]
async fn the_same_rows_inserted_again_are_the_same_events() {
    let database = Database::new().await;
    let rows: Vec<_> = (0..10).map(|n| created(&new_key(), n, saying("x"))).collect();
    for _ in 0..3 {
        database.store.insert(&rows).await.unwrap();
    }
    assert_eq!(database.sql("SELECT count() FROM {db}.events FINAL").await, "10");
}

/// A replicated table knows what was inserted; with this setting a plain one does too.
#[tokio::test]
async fn rows_inserted_again_are_taken_in_though_the_table_knows_them() {
    let database = Database::new().await;
    database.sql("ALTER TABLE {db}.events MODIFY SETTING non_replicated_deduplication_window = 100").await;
    let row = created(&new_key(), 1, saying("x"));
    database.insert_apart(&[row.clone(), row]).await;
    assert_eq!(database.sql("SELECT count() FROM {db}.events").await, "2");
}

#[tokio::test]
async fn no_rows_are_no_trouble() {
    let database = Database::new().await;
    database.store.insert(&[]).await.unwrap();
    assert_eq!(database.sql("SELECT count() FROM {db}.events").await, "0");
}

#[tokio::test]
async fn a_large_batch_is_one_part() {
    let database = Database::new().await;
    let day = || EventKey { tenant: Tenant::default(), id: id_at("2026-11-20T10:00:00Z") };
    let rows: Vec<_> = (0..20_000).map(|n| created(&day(), n, saying(&"x".repeat(500)))).collect();
    database.store.insert(&rows).await.unwrap();
    assert_eq!(database.sql("SELECT count() FROM {db}.events FINAL").await, "20000");
    let parts = "SELECT count(), max(rows) FROM system.parts WHERE database = '{db}' AND table = 'events'";
    assert_eq!(database.sql(parts).await, "1\t20000");
}

#[tokio::test]
async fn the_largest_event_there_can_be_comes_back() {
    let database = Database::new().await;
    let properties = format!(r#"{{"text":"{}"}}"#, "ü".repeat(1 << 20));
    let content = Content {
        properties: JsonText::parse(&properties).unwrap().into_owned(),
        ..saying(&"x".repeat(2 << 20))
    };
    let row = created(&new_key(), 1, content);
    database.store.insert(std::slice::from_ref(&row)).await.unwrap();
    assert_eq!(database.store.event(&row.0).await.unwrap(), Some(row.1));
}

#[tokio::test]
async fn a_row_against_a_constraint_is_refused_and_nothing_of_its_batch_is_kept() {
    let database = Database::new().await;
    database.sql("ALTER TABLE {db}.events ADD CONSTRAINT no_curses CHECK input != 'curse'").await;
    let (good, bad) = (created(&new_key(), 1, saying("fine")), created(&new_key(), 2, saying("curse")));
    let refused = database.store.insert(&[good.clone(), bad]).await.unwrap_err();
    assert!(refused.is_refusal() && !refused.is_retryable(), "{refused}");
    assert!(matches!(refused, StoreError::Server { code: 469, .. }), "{refused:?}");
    assert!(refused.detail().contains("no_curses"), "{refused:?}");
    assert_eq!(refused.to_string(), "ClickHouse: error 469 (VIOLATED_CONSTRAINT)");
    assert_eq!(database.sql("SELECT count() FROM {db}.events").await, "0");

    database.store.insert(std::slice::from_ref(&good)).await.unwrap();
    assert_eq!(database.rows(std::slice::from_ref(&good.0)).await, HashMap::from([good]));
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named_and_may_come() {
    let database = Database::missing();
    let error = database.store.lookup(&[new_key()], usize::MAX).await.unwrap_err();
    let name = &database.config.database;
    assert!(matches!(error, StoreError::Server { code: 81, .. }), "{error:?}");
    assert!(error.detail().contains(name) && error.detail().contains("does not exist"), "{error:?}");
    assert!(error.is_retryable() && !error.is_refusal());

    let error = database.store.insert(&[created(&new_key(), 1, saying("x"))]).await.unwrap_err();
    assert!(error.detail().contains(name) && error.is_retryable() && !error.is_refusal(), "{error}");
}

#[tokio::test]
async fn a_table_of_another_shape_is_no_row_s_fault() {
    let database = Database::missing();
    database.sql("CREATE DATABASE {db}").await;
    database.sql("CREATE TABLE {db}.events (tenant String, id String) ENGINE = MergeTree ORDER BY id").await;
    let store = Store::new(database.config.clone()).unwrap();
    let error = store.insert(&[created(&new_key(), 1, saying("x"))]).await.unwrap_err();
    assert!(error.is_retryable() && !error.is_refusal(), "{error}");
}
