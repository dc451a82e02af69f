//! What many slow readers cost others.

use std::time::Instant;

use reqwest::{Client, RequestBuilder, Response};
use tempfile::tempdir;

use crate::{lifecycle::Server, server::PATIENCE};

/// More than a connection holds by itself.
const ENDLESS: &str = "SELECT number FROM numbers(1000000000000)";

async fn answer(request: RequestBuilder) -> String {
    request.timeout(PATIENCE).send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn a_hundred_readers_that_stop_reading_hold_up_no_insert() {
    let data = tempdir().unwrap();
    let server = Server::start(data.path());
    let client = Client::new();
    let ask = |statement: &'static str| client.post(&server.url).body(statement);
    let feed = |statement| ask(statement).query(&[("quota_key", "ingestion")]);
    assert_eq!(answer(feed("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")).await, "");
    let mut readers: Vec<Response> = Vec::new();
    for _ in 0..100 {
        readers.push(ask(ENDLESS).send().await.unwrap());
    }

    let refused = tokio::spawn(answer(ask("SELECT 1")));
    assert_eq!(answer(feed("INSERT INTO t FORMAT TSV\n1\n2\n")).await, "");
    assert_eq!(answer(feed("SELECT count() FROM t")).await, "2\n");
    let refused = refused.await.unwrap();
    assert!(
        refused.starts_with("Code: 202. ") && refused.contains("TOO_MANY_SIMULTANEOUS_QUERIES"),
        "{refused}"
    );

    // A reader that goes away gives its place back.
    drop(readers);
    let begun = Instant::now();
    while answer(ask("SELECT 1")).await != "1\n" {
        assert!(begun.elapsed() < PATIENCE, "no place became free");
    }
}

#[tokio::test]
async fn a_read_has_a_limit_of_memory() {
    let read = "SELECT getSetting('max_memory_usage')";
    assert_eq!(crate::server::query(read).await, "2147483648\n");
    let own = crate::server::post(read).query(&[("max_memory_usage", "1000000000")]);
    assert_eq!(crate::server::text(own).await, "1000000000\n");
}
