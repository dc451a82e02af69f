//! ClickHouse's own Rust client.

use clickhouse::{Client, Row, error::Error};
use serde::{Deserialize, Serialize};

use crate::server;

#[derive(Row, Serialize, Deserialize, Debug, PartialEq)]
struct Event {
    id: u64,
    name: String,
    tags: Vec<String>,
    amount: Option<f64>,
}

fn event(id: u64) -> Event {
    Event {
        id,
        name: format!("event {id}"),
        tags: vec!["a'b".to_owned(), id.to_string()],
        amount: (!id.is_multiple_of(3)).then_some(0.5),
    }
}

async fn client(name: &str) -> Client {
    let client = Client::default().with_url(server::url()).with_database(server::database(name).await);
    let create = "CREATE TABLE events (id UInt64, name String, tags Array(String), amount Nullable(Float64)) \
        ENGINE = MergeTree ORDER BY id";
    client.query(create).execute().await.unwrap();
    client
}

async fn insert(client: &Client, ids: std::ops::Range<u64>) {
    let mut insert = client.insert::<Event>("events").await.unwrap();
    for id in ids {
        insert.write(&event(id)).await.unwrap();
    }
    insert.end().await.unwrap();
}

#[tokio::test]
async fn what_the_client_inserts_it_reads_back() {
    let client = client("client_round_trip").await;
    insert(&client, 0..10_000).await;

    let count: u64 = client.query("SELECT count() FROM events").fetch_one().await.unwrap();
    assert_eq!(count, 10_000);
    let mut rows = client.query("SELECT ?fields FROM events ORDER BY id").fetch::<Event>().unwrap();
    for id in 0..10_000 {
        assert_eq!(rows.next().await.unwrap(), Some(event(id)));
    }
    assert_eq!(rows.next().await.unwrap(), None);
}

#[tokio::test]
async fn the_client_reads_and_writes_without_validation_too() {
    let client = client("client_unvalidated").await.with_validation(false);
    insert(&client, 0..100).await;
    let rows = client.query("SELECT ?fields FROM events ORDER BY id").fetch_all::<Event>().await.unwrap();
    assert_eq!(rows, (0..100).map(event).collect::<Vec<_>>());
}

#[tokio::test]
async fn values_are_bound_by_the_client_and_by_the_engine() {
    let client = client("client_binding").await;
    insert(&client, 0..10).await;

    let bound =
        client.query("SELECT ?fields FROM events WHERE name = ? AND id IN ?").bind("event 3").bind([2, 3]);
    assert_eq!(bound.fetch_all::<Event>().await.unwrap(), [event(3)]);

    let parameters = client
        .query("SELECT ?fields FROM events WHERE has(tags, {tag:String}) AND id = {id:UInt64}")
        .param("tag", "a'b")
        .param("id", 7);
    assert_eq!(parameters.fetch_all::<Event>().await.unwrap(), [event(7)]);

    let awkward = "tab\t, newline\n, quote ' and backslash \\";
    let same: String = client.query("SELECT {text:String}").param("text", awkward).fetch_one().await.unwrap();
    assert_eq!(same, awkward);
}

#[tokio::test]
async fn a_result_without_rows_is_an_empty_result() {
    let client = client("client_empty").await;
    let rows = client.query("SELECT ?fields FROM events WHERE id = 1").fetch_all::<Event>().await.unwrap();
    assert_eq!(rows, []);
    assert_eq!(client.query("SELECT ?fields FROM events").fetch_optional::<Event>().await.unwrap(), None);
}

#[tokio::test]
async fn the_client_sees_the_engines_errors() {
    let client = client("client_errors").await;
    let missing = client.query("SELECT * FROM missing").execute().await.unwrap_err();
    assert!(matches!(&missing, Error::BadResponse(text) if text.starts_with("Code: 60.")), "{missing}");
    assert!(client.insert::<Event>("missing").await.is_err());

    // A failure behind a megabyte of rows comes at the end of a response that began as a success.
    let late = client.query("SELECT throwIf(number = 3000000)::UInt8 FROM numbers(5000000)");
    let mut rows = late.fetch::<u8>().unwrap();
    let late = loop {
        match rows.next().await {
            Ok(row) => assert!(row.is_some(), "the query must fail"),
            Err(error) => break error,
        }
    };
    assert!(matches!(&late, Error::BadResponse(text) if text.starts_with("Code: 395.")), "{late}");
}

#[tokio::test]
async fn an_insert_the_client_drops_leaves_no_rows() {
    let client = client("client_dropped").await;
    let mut insert = client.insert::<Event>("events").await.unwrap();
    for id in 0..50_000 {
        insert.write(&event(id)).await.unwrap();
    }
    drop(insert);
    server::until(
        "SELECT count() FROM system.processes WHERE query LIKE 'INSERT INTO %events%' AND current_database = 'client_dropped'",
        "0\n",
    )
    .await;
    assert_eq!(server::query("SELECT count() FROM client_dropped.events").await, "0\n");
}
