//! Rows that come with the request.

use std::net::SocketAddr;

use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::server::{database, header, post, post_rows, query, running, text, until, url};

async fn table(name: &str) -> String {
    let table = format!("{}.t", database(name).await);
    query(format!("CREATE TABLE {table} (a UInt64, s String DEFAULT 'none') ENGINE = MergeTree ORDER BY a"))
        .await;
    table
}

async fn rows(table: &str) -> String {
    query(format!("SELECT a, s FROM {table} ORDER BY a FORMAT CSV")).await
}

#[tokio::test]
async fn rows_come_in_the_body_in_any_format() {
    let table = table("inserts_formats").await;
    let binary: &[u8] = b"\x04\0\0\0\0\0\0\0\x04four";
    let typed: &[u8] = b"\x02\x01s\x01a\x06String\x06UInt64\x04five\x05\0\0\0\0\0\0\0";
    for (format, body) in [
        ("CSV", b"1,\"one\"\n".as_slice()),
        ("JSONEachRow", b"{\"a\":2,\"s\":\"two\"}\n"),
        ("TabSeparated", b"3\tthree\n"),
        ("RowBinary", binary),
        ("RowBinaryWithNamesAndTypes", typed),
        ("Values", b"(6, 'six'), (7, concat('se', 'ven'))"),
    ] {
        text(post_rows(&format!("INSERT INTO {table} (a, s) FORMAT {format}"), body.to_vec())).await;
    }
    assert_eq!(
        rows(&table).await,
        "1,\"one\"\n2,\"two\"\n3,\"three\"\n4,\"four\"\n5,\"five\"\n6,\"six\"\n7,\"seven\"\n"
    );
}

#[tokio::test]
async fn rows_may_follow_the_statement_in_the_body() {
    let table = table("inserts_inline").await;
    query(format!("INSERT INTO {table} FORMAT JSONEachRow\n{{\"a\":1}}\n{{\"a\":2}}\n")).await;
    query(format!("insert into {table} (a)\nsettings max_threads = 1\nformat CSV\n3\n4\n")).await;
    query(format!("INSERT INTO {table} FORMAT CSV SETTINGS format_csv_delimiter = ';'\n5;x\n")).await;
    text(post_rows(&format!("INSERT INTO {table} FORMAT CSV\n6,y\n"), "7,z\n")).await;
    query(format!("INSERT INTO {table} VALUES (8, 'a;b'), (9, 'it''s');")).await;
    text(post_rows(&format!("INSERT INTO {table} VALUES"), "(10, 'c')")).await;
    query(format!("INSERT INTO {table} SELECT number + 11, 'd' FROM numbers(2)")).await;
    assert_eq!(
        rows(&table).await,
        "1,\"none\"\n2,\"none\"\n3,\"none\"\n4,\"none\"\n5,\"x\"\n6,\"y\"\n7,\"z\"\n\
        8,\"a;b\"\n9,\"it's\"\n10,\"c\"\n11,\"d\"\n12,\"d\"\n"
    );
}

#[tokio::test]
async fn an_insert_says_how_many_rows_it_wrote() {
    let table = table("inserts_summary").await;
    let response =
        post_rows(&format!("INSERT INTO {table} (a) FORMAT CSV"), "1\n2\n3\n").send().await.unwrap();
    assert!(header(&response, "X-ClickHouse-Summary").unwrap().contains("\"written_rows\":\"3\""));
    assert_eq!(response.text().await.unwrap(), "");
}

#[tokio::test]
async fn an_insert_without_rows_inserts_nothing() {
    let table = table("inserts_empty").await;
    text(post_rows(&format!("INSERT INTO {table} FORMAT RowBinary"), "")).await;
    assert_eq!(rows(&table).await, "");
}

#[tokio::test]
async fn a_row_that_can_not_be_read_keeps_the_rows_before_it_out() {
    let table = table("inserts_unreadable").await;
    let mut body = "1\n".repeat(200_000);
    body.push_str("x\n");
    let response = post_rows(&format!("INSERT INTO {table} (a) FORMAT CSV"), body).send().await.unwrap();
    assert_eq!(response.status(), 400);
    let cut = post_rows(&format!("INSERT INTO {table} (a) FORMAT RowBinary"), vec![0; 8 * 1000 + 3]);
    assert_eq!(header(&cut.send().await.unwrap(), "X-ClickHouse-Exception-Code"), Some("33"));
    assert_eq!(rows(&table).await, "");
}

#[tokio::test]
async fn an_insert_that_breaks_off_leaves_no_rows() {
    let table = table("inserts_broken_off").await;
    let request = |id: &str| {
        format!(
            "POST /?query_id={id}&query=INSERT+INTO+{table}+(a)+FORMAT+CSV HTTP/1.1\r\n\
            Host: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
    };
    let chunk = format!("{:x}\r\n{}\r\n", 200_000, "1\n".repeat(100_000));
    for (id, end) in
        [("broken-off", ""), ("broken-inside-a-chunk", "ffff\r\n1\n1\n"), ("broken-framing", "nonsense\r\n")]
    {
        let mut connection = TcpStream::connect(address()).await.unwrap();
        connection.write_all(request(id).as_bytes()).await.unwrap();
        for _ in 0..5 {
            connection.write_all(chunk.as_bytes()).await.unwrap();
        }
        until(&running(id), "1\n").await;
        connection.write_all(end.as_bytes()).await.unwrap();
        connection.shutdown().await.unwrap();
        until(&running(id), "0\n").await;
        assert_eq!(rows(&table).await, "", "{id}");
    }
    // The same rows, not broken off.
    let mut whole = TcpStream::connect(address()).await.unwrap();
    whole.write_all(format!("{}{chunk}0\r\n\r\n", request("whole")).as_bytes()).await.unwrap();
    until(&format!("SELECT count() FROM {table}"), "100000\n").await;
}

#[tokio::test]
async fn blocks_compressed_as_clickhouse_does_it_are_taken_and_given() {
    let table = table("inserts_compressed").await;
    // `1,"one"` and `2,"two"` as ClickHouse's Rust client compresses them.
    let insert = post_rows(&format!("INSERT INTO {table} FORMAT CSV"), BLOCK).query(&[("decompress", "1")]);
    text(insert).await;
    assert_eq!(rows(&table).await, "1,\"one\"\n2,\"two\"\n");

    // What the engine compresses, it takes again.
    let statement = format!("SELECT * FROM {table} ORDER BY a FORMAT CSV");
    let response = post(statement).query(&[("compress", "1")]).send().await.unwrap();
    let compressed = response.bytes().await.unwrap();
    assert!(compressed.len() > 25 && compressed[16] == 0x82);
    let again =
        post_rows(&format!("INSERT INTO {table} FORMAT CSV"), compressed).query(&[("decompress", "1")]);
    text(again).await;
    assert_eq!(query(format!("SELECT count() FROM {table}")).await, "4\n");
}

#[tokio::test]
async fn blocks_that_break_off_or_are_not_blocks_are_refused() {
    let table = table("inserts_compressed_badly").await;
    let statement = format!("INSERT INTO {table} FORMAT CSV");
    for (body, code) in [(&BLOCK[..20], "271"), (b"1,\"one\"\n2,\"two\"\n3,\"three\"\n".as_slice(), "89")] {
        let insert = post_rows(&statement, body.to_vec()).query(&[("decompress", "1")]);
        let response = insert.send().await.unwrap();
        assert_eq!(header(&response, "X-ClickHouse-Exception-Code"), Some(code));
    }
    assert_eq!(rows(&table).await, "");
}

/// The bytes that `clickhouse` 0.15.3 sends for the rows with its `lz4` feature.
const BLOCK: &[u8] = b"\x1e\xd7\x6c\x8e\xf0\xd0\xe4\x01\x78\x4f\x87\x72\x5b\x4b\x38\x9c\
    \x82\x1b\0\0\0\x10\0\0\0\xf0\x011,\"one\"\n2,\"two\"\n";

fn address() -> SocketAddr {
    url().strip_prefix("http://").and_then(|address| address.parse().ok()).expect("an address")
}
