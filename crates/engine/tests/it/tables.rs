//! The kinds of tables an event store is made of.

use crate::server::{database, post_rows, query, text};

#[tokio::test]
async fn a_replacing_table_keeps_the_newest_version_and_drops_the_deleted() {
    let table = format!("{}.t", database("tables_replacing").await);
    query(format!(
        "CREATE TABLE {table} (id UInt64, name String, version UInt64, deleted UInt8) \
        ENGINE = ReplacingMergeTree(version, deleted) ORDER BY id"
    ))
    .await;
    for rows in ["1,a,1,0\n2,b,1,0\n3,c,1,0\n", "1,new,3,0\n2,b,2,1\n", "1,late,2,0\n"] {
        text(post_rows(&format!("INSERT INTO {table} FORMAT CSV"), rows)).await;
    }
    assert_eq!(query(format!("SELECT id, name FROM {table} FINAL ORDER BY id")).await, "1\tnew\n3\tc\n");
    query(format!("OPTIMIZE TABLE {table} FINAL")).await;
    assert_eq!(query(format!("SELECT count() FROM {table}")).await, "3\n");
}

#[tokio::test]
async fn a_materialized_json_column_gives_its_paths() {
    let table = format!("{}.t", database("tables_json").await);
    query(format!(
        "CREATE TABLE {table} (id UInt64, text String, \
            properties JSON(max_dynamic_paths = 64) MATERIALIZED text::JSON(max_dynamic_paths = 64)) \
        ENGINE = MergeTree ORDER BY id"
    ))
    .await;
    let rows =
        "{\"id\":1,\"text\":\"{\\\"a\\\":{\\\"b\\\":5},\\\"c\\\":\\\"x\\\"}\"}\n{\"id\":2,\"text\":\"{}\"}\n";
    text(post_rows(&format!("INSERT INTO {table} (id, text) FORMAT JSONEachRow"), rows)).await;
    let read =
        format!("SELECT id, properties.a.b, properties.c, properties FROM {table} ORDER BY id FORMAT TSVRaw");
    assert_eq!(query(read).await, "1\t5\tx\t{\"a\":{\"b\":5},\"c\":\"x\"}\n2\t\\N\t\\N\t{}\n");
}

#[tokio::test]
async fn a_table_that_syncs_its_parts_takes_rows() {
    let table = format!("{}.t", database("tables_synced").await);
    query(format!(
        "CREATE TABLE {table} (id UInt64) ENGINE = MergeTree ORDER BY id \
        SETTINGS fsync_after_insert = 1, fsync_part_directory = 1"
    ))
    .await;
    text(post_rows(&format!("INSERT INTO {table} FORMAT CSV"), "1\n2\n")).await;
    assert_eq!(query(format!("SELECT sum(id) FROM {table}")).await, "3\n");
}

#[tokio::test]
async fn a_table_is_dropped_and_made_again_at_once() {
    let table = format!("{}.t", database("tables_dropped").await);
    for _ in 0..3 {
        query(format!("CREATE TABLE {table} (id UInt64) ENGINE = MergeTree ORDER BY id")).await;
        text(post_rows(&format!("INSERT INTO {table} FORMAT CSV"), "1\n")).await;
        query(format!("DROP TABLE {table} SYNC")).await;
    }
}
