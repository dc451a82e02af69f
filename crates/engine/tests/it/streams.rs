//! Results too large to be held back.

use std::future::pending;

use crate::server::{get, header, post, query, running, text, until};

/// Some 20 MB in each format.
const LARGE: &str = "SELECT number AS n, toString(number) AS s FROM numbers(1000000)";

#[tokio::test]
async fn a_large_result_is_the_same_in_pieces_as_in_one() {
    for format in [
        "TabSeparated",
        "CSV",
        "JSONEachRow",
        "RowBinary",
        "RowBinaryWithNames",
        "RowBinaryWithNamesAndTypes",
        "Native",
    ] {
        let statement = format!("{LARGE} FORMAT {format}");
        let pieces = post(statement.as_str()).send().await.unwrap();
        assert!(header(&pieces, "X-ClickHouse-Exception-Tag").is_some(), "{format} is not streamed");
        let pieces = pieces.bytes().await.unwrap();
        let whole = post(statement).query(&[("wait_end_of_query", "1")]).send().await.unwrap();
        assert!(header(&whole, "X-ClickHouse-Exception-Tag").is_none());
        assert!(pieces == whole.bytes().await.unwrap(), "{format}");
    }
}

#[tokio::test]
async fn formats_with_a_head_or_a_foot_come_whole() {
    for format in ["JSON", "JSONCompact", "CSVWithNames", "TabSeparatedWithNamesAndTypes", "ORC", "Values"] {
        let response = post(format!("{LARGE} FORMAT {format}")).send().await.unwrap();
        assert!(header(&response, "X-ClickHouse-Exception-Tag").is_none(), "{format}");
        assert!(response.bytes().await.unwrap().len() > 1 << 20);
    }
    let array =
        text(post(format!("{LARGE} FORMAT JSONEachRow")).query(&[("output_format_json_array_of_rows", "1")]))
            .await;
    assert!(array.starts_with("[\n") && array.ends_with("]\n"));
    assert_eq!(array.matches('[').count(), 1);
}

#[tokio::test]
async fn a_result_that_can_not_be_streamed_has_a_limit() {
    let statement = "SELECT repeat(toString(number % 10), 1000000) FROM numbers(100) FORMAT JSON";
    let response = post(statement).send().await.unwrap();
    assert_eq!(header(&response, "X-ClickHouse-Exception-Code"), Some("396"));
}

/// As it is written: it is larger than what is held back of other formats.
#[tokio::test]
async fn parquet_is_sent_while_it_is_written() {
    let statement = "SELECT number, randomPrintableASCII(100) FROM numbers(1000000)";
    for statement in
        [format!("{statement} FORMAT Parquet SETTINGS max_threads = 1"), format!("{statement} -- all;")]
    {
        let mut response = post(statement).query(&[("default_format", "Parquet")]).send().await.unwrap();
        assert!(header(&response, "X-ClickHouse-Exception-Tag").is_some(), "it is not streamed");
        let (mut bytes, mut first, mut last) = (0, None, Vec::new());
        while let Some(chunk) = response.chunk().await.unwrap() {
            bytes += chunk.len();
            first.get_or_insert_with(|| chunk.slice(..4));
            last.extend_from_slice(&chunk);
            last.drain(..last.len().saturating_sub(4));
        }
        assert_eq!((first.as_deref(), &*last), (Some(b"PAR1".as_slice()), b"PAR1".as_slice()));
        assert!(bytes > 64 << 20, "{bytes}");
    }
    // A small one comes whole.
    let small = post("SELECT 1 AS a FORMAT Parquet").send().await.unwrap();
    assert!(header(&small, "X-ClickHouse-Exception-Tag").is_none());
    let small = small.bytes().await.unwrap();
    assert!(small.starts_with(b"PAR1") && small.ends_with(b"PAR1"));
    let wrong = post("SELECT none FROM nowhere FORMAT Parquet").send().await.unwrap();
    assert_eq!(header(&wrong, "X-ClickHouse-Exception-Code"), Some("60"));
    let several = post("SELECT 1; SELECT 2 FORMAT Parquet").send().await.unwrap();
    assert_eq!(header(&several, "X-ClickHouse-Exception-Code"), Some("62"));
}

#[tokio::test]
async fn totals_follow_the_rows() {
    let statement = "SELECT number % 3 AS k, count() FROM numbers(9) GROUP BY k WITH TOTALS ORDER BY k";
    assert_eq!(query(statement).await, "0\t3\n1\t3\n2\t3\n\n0\t9\n");
}

#[tokio::test]
async fn a_result_without_rows_has_its_header() {
    let header = query("SELECT 1 AS a WHERE 0 FORMAT RowBinaryWithNamesAndTypes").await;
    assert_eq!(header, "\x01\x01a\x05UInt8");
    assert_eq!(query("SELECT 1 AS a WHERE 0 FORMAT JSONEachRow").await, "");
}

#[tokio::test]
async fn a_failure_late_in_a_result_ends_it_with_the_exception() {
    breaks_off("SELECT throwIf(number = 5000000) FROM numbers(10000000)").await;
    breaks_off(
        "SELECT throwIf(number = 2000000), randomPrintableASCII(10) FROM numbers(10000000)
        SETTINGS output_format_parquet_row_group_size = 100000, max_threads = 1 FORMAT Parquet",
    )
    .await;
}

async fn breaks_off(statement: &'static str) {
    let mut response = post(statement).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let tag = header(&response, "X-ClickHouse-Exception-Tag").unwrap().to_owned();
    let mut text = Vec::new();
    let end = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => text.extend_from_slice(&chunk),
            end => break end,
        }
    };
    assert!(end.is_err(), "the response must break off");
    let text = String::from_utf8_lossy(&text.split_off(text.len() - 1000)).into_owned();
    let (_, exception) = text.split_once("\r\n__exception__\r\n").unwrap();
    assert!(exception.starts_with(&format!("{tag}\r\nCode: 395. DB::Exception: ")), "{exception}");
    assert!(exception.ends_with(&format!(" {tag}\r\n__exception__\r\n")), "{exception}");
}

#[tokio::test]
async fn a_query_nobody_waits_for_is_cancelled() {
    // Before its first row, and while its rows come.
    for (id, statement) in [
        ("abandoned-silent", "SELECT count() FROM numbers(1000000000000)"),
        ("abandoned-talking", "SELECT number FROM numbers(1000000000000)"),
        ("abandoned-piped", "SELECT number FROM numbers(1000000000000) FORMAT Parquet"),
        ("abandoned-whole", "SELECT count() FROM numbers(1000000000000) FORMAT JSON"),
    ] {
        let request = get(statement).query(&[("query_id", id)]);
        let asking = tokio::spawn(async move {
            let _response = request.send().await;
            pending::<()>().await;
        });
        until(&running(id), "1\n").await;
        asking.abort();
        until(&running(id), "0\n").await;
    }
}

#[tokio::test]
async fn a_client_that_stops_reading_lets_others_read() {
    let mut slow = Vec::new();
    for _ in 0..8 {
        let mut response = post("SELECT number FROM numbers(1000000000)").send().await.unwrap();
        assert!(response.chunk().await.unwrap().is_some());
        slow.push(response);
    }
    assert_eq!(query("SELECT 1").await, "1\n");
    drop(slow);
    until(
        "SELECT count() FROM system.processes WHERE query LIKE 'SELECT number FROM numbers(1000000000)%'",
        "0\n",
    )
    .await;
}
