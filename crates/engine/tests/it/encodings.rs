//! Bodies that clients have packed as a whole, by `Content-Encoding`.

use async_compression::tokio::bufread::{BrotliEncoder, GzipEncoder, Lz4Encoder, ZlibEncoder, ZstdEncoder};
use reqwest::RequestBuilder;
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::server::{database, header, post, post_rows, query, text};

async fn packed(mut encoder: impl AsyncRead + Unpin) -> Vec<u8> {
    let mut packed = Vec::new();
    encoder.read_to_end(&mut packed).await.unwrap();
    packed
}

/// The rows 1 to `count`, a line each.
fn rows(count: u32) -> String {
    (1..=count).map(|number| format!("{number}\n")).collect()
}

fn with_encoding(request: RequestBuilder, encoding: &str) -> RequestBuilder {
    request.header("Content-Encoding", encoding)
}

#[tokio::test]
async fn rows_are_taken_in_every_encoding_that_clients_use() {
    let name = database("encodings").await;
    query(format!("CREATE TABLE {name}.t (encoding String, a UInt32) ENGINE = MergeTree ORDER BY a")).await;
    let rows = rows(100_000);
    let halves = rows.split_at(rows.len() / 2);
    let two_frames = [
        packed(Lz4Encoder::new(halves.0.as_bytes())).await,
        packed(Lz4Encoder::new(halves.1.as_bytes())).await,
    ];
    for (encoding, body) in [
        ("identity", rows.clone().into_bytes()),
        ("LZ4", packed(Lz4Encoder::new(rows.as_bytes())).await),
        ("lz4", two_frames.concat()),
        ("zstd", packed(ZstdEncoder::new(rows.as_bytes())).await),
        ("gzip", packed(GzipEncoder::new(rows.as_bytes())).await),
        ("deflate", packed(ZlibEncoder::new(rows.as_bytes())).await),
        ("br", packed(BrotliEncoder::new(rows.as_bytes())).await),
    ] {
        query(format!("TRUNCATE TABLE {name}.t")).await;
        let insert = post_rows(&format!("INSERT INTO {name}.t (a) FORMAT TSV"), body);
        text(with_encoding(insert, encoding)).await;
        let found = query(format!("SELECT count(), sum(a) FROM {name}.t")).await;
        assert_eq!(found, "100000\t5000050000\n", "{encoding}");
    }
}

#[tokio::test]
async fn a_statement_may_be_packed() {
    let statement = packed(GzipEncoder::new(&b"SELECT 7"[..])).await;
    assert_eq!(text(with_encoding(post("").body(statement), "gzip")).await, "7\n");
}

#[tokio::test]
async fn rows_whose_packing_breaks_off_or_is_none_are_refused_whole() {
    let name = database("encodings_broken").await;
    query(format!("CREATE TABLE {name}.t (a UInt32) ENGINE = MergeTree ORDER BY a")).await;
    let rows = rows(100_000);
    let mut broken_off = packed(Lz4Encoder::new(rows.as_bytes())).await;
    broken_off.truncate(broken_off.len() / 2);
    for (encoding, body) in [("lz4", broken_off), ("gzip", rows.into_bytes())] {
        let insert = post_rows(&format!("INSERT INTO {name}.t FORMAT TSV"), body);
        let response = with_encoding(insert, encoding).send().await.unwrap();
        assert_eq!(header(&response, "X-ClickHouse-Exception-Code"), Some("33"), "{encoding}");
        assert_eq!(query(format!("SELECT count() FROM {name}.t")).await, "0\n", "{encoding}");
    }
}
