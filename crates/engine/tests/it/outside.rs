//! What is outside of the data directory is out of every statement's reach.

use std::{fs, net::TcpListener};

use reqwest::RequestBuilder;
use tempfile::tempdir;

use crate::server::{database, post, post_rows, query, text};

/// The code of the exception, and its text.
async fn refusal(request: RequestBuilder) -> (String, String) {
    let response = request.send().await.unwrap();
    let code = response.headers().get("x-clickhouse-exception-code");
    let code = code.map_or_else(String::new, |code| code.to_str().unwrap().to_owned());
    (code, response.text().await.unwrap())
}

/// What is refused by a right, or by a name.
const DENIED: &str = "497";

/// The setting may not be changed.
const FIXED: &str = "452";

#[tokio::test]
async fn files_are_neither_read_nor_written() {
    let folder = tempdir().unwrap();
    let inside = folder.path().join("inside");
    fs::create_dir(&inside).unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, "${a:CSV} the secret").unwrap();
    let (path, new) = (secret.display(), inside.join("new").display().to_string());
    let folder = folder.path().display();
    let name = database("outside_files").await;
    query(format!("CREATE TABLE {name}.values ENGINE = Memory AS SELECT '' AS a WHERE 0")).await;
    let computed = format!("x UInt8, a String ALIAS file(''{path}'')");
    for statement in [
        format!("SELECT * FROM file('{path}', LineAsString)"),
        format!("SELECT * FROM (SELECT * FROM /* x */ FILE('{path}', LineAsString))"),
        format!("SELECT * FROM '{path}'"),
        format!("SELECT * FROM `{path}`"),
        format!("SELECT file('{path}')"),
        format!("SELECT arrayMap(file, ['{path}'])"),
        format!("SELECT a FROM values('{computed}', 1)"),
        format!("SELECT a FROM values(('{computed}'), 1)"),
        format!("SELECT a FROM loop(values('{computed}', 1)) LIMIT 1"),
        format!(
            "SELECT * FROM viewIfPermitted(SELECT 1 AS x FROM url('x', TSV, 'x UInt8') ELSE values('{computed}', 1))"
        ),
        format!("SELECT a FROM (VALUES ('{computed}'), ('a'))"),
        format!("SELECT a FROM generateRandom(('{computed}')) LIMIT 1"),
        format!("SELECT * FROM format(Values, 'a String', $$(file('{path}'))$$)"),
        format!("SELECT * FROM loop(format(Values, 'a String', $$(file('{path}'))$$)) LIMIT 1"),
        format!(
            "INSERT INTO FUNCTION null('a UInt8, b UInt8 DEFAULT toUInt8(file(''{path}''))') (a) VALUES (1)"
        ),
        format!("SELECT * FROM filesystem('{folder}')"),
        format!("DESCRIBE TABLE file('{path}', TSV)"),
        format!("CREATE TABLE outside ENGINE = File(TSV, '{path}')"),
        format!("CREATE TABLE outside AS file('{path}', LineAsString)"),
        format!("CREATE TABLE outside (a Int8) ENGINE = EmbeddedRocksDB(0, '{new}') PRIMARY KEY a"),
        format!("CREATE DATABASE outside ENGINE = Filesystem('{folder}')"),
        format!("CREATE DATABASE outside ENGINE = SQLite('{new}')"),
        format!("ATTACH TABLE outside FROM '{folder}' (a Int8) ENGINE = MergeTree ORDER BY a"),
        format!(
            "CREATE DICTIONARY outside (a UInt8) PRIMARY KEY a SOURCE(FILE(path '{path}' format TSV)) LAYOUT(FLAT()) LIFETIME(0)"
        ),
        format!("INSERT INTO FUNCTION file('{new}', TSV, 'a Int8') VALUES (1)"),
        format!("INSERT INTO FUNCTION file('{new}', TSV, 'a Int8') SELECT 1"),
        format!("BACKUP DATABASE system TO File('{new}')"),
        format!(
            "CREATE DATABASE outside ENGINE = Atomic SETTINGS disk = disk(type = local, path = '{new}/')"
        ),
        format!("{} SETTINGS disk = disk(type = local, path = '{new}/')", created("outside")),
        format!("{} SETTINGS disk = disk(type = local_blob_storage, path = '{new}/')", created("outside")),
        format!("SELECT * FROM icebergLocal('{folder}')"),
        format!("SELECT * FROM sqlite('{path}', 'x')"),
    ] {
        assert_refused(post(statement.clone()), DENIED, &statement).await;
    }
    // Refused by others than rights and names.
    for (statement, code) in [
        // To this one it is a row.
        (format!("SELECT * FROM SQLStandardValues('{computed}', 1)"), "386"),
        (format!("SELECT 1 INTO OUTFILE '{new}'"), "358"),
        (format!("INSERT INTO {name}.values FROM INFILE '{path}' FORMAT LineAsString"), "78"),
        (format!("SELECT 1 INTO\u{a0}OUTFILE '{new}'"), "62"),
        (format!("INSERT INTO {name}.values FROM\u{a0}INFILE '{path}' FORMAT LineAsString"), "62"),
        (format!("SELECT a FROM\u{a0}values('{computed}', 1)"), "62"),
        (format!("SELECT * FROM\u{a0}format(Values, 'a String', $$(file('{path}'))$$)"), "62"),
        (
            format!("CREATE TABLE outside (a Int8) ENGINE\u{a0}EmbeddedRocksDB(0, '{new}') PRIMARY KEY a"),
            "62",
        ),
        (format!("ATTACH\u{a0}TABLE outside FROM '{folder}' (a Int8) ENGINE = MergeTree ORDER BY a"), "62"),
        (format!("SELECT 1 AS a FORMAT Template SETTINGS format_template_row = '{path}'"), FIXED),
        (format!("SELECT 1 AS a FORMAT Protobuf SETTINGS output_format_schema = '{new}'"), FIXED),
        (format!("SELECT 1 SETTINGS additional_result_filter = 'file(''{path}'') = 1'"), FIXED),
    ] {
        assert_refused(post(statement.clone()), code, &statement).await;
    }
    for setting in [("format_template_row", "x"), ("output_format_schema", "x"), ("dialect", "kusto")] {
        assert_refused(post("SELECT 1").query(&[setting]), FIXED, setting.0).await;
    }
    assert_eq!(fs::read_dir(&inside).unwrap().count(), 0, "something was written");
    assert_eq!(query(format!("SELECT count() FROM {name}.values")).await, "0\n");
}

async fn assert_refused(request: RequestBuilder, expected: &str, what: &str) {
    let (code, said) = refusal(request).await;
    assert!(
        code == expected && !said.contains("the secret"),
        "{what}: {code} in place of {expected}: {said}"
    );
}

fn created(table: &str) -> String {
    format!("CREATE TABLE {table} (a Int8) ENGINE = MergeTree ORDER BY a")
}

#[tokio::test]
async fn rows_of_expressions_are_part_of_the_statement() {
    let name = database("outside_rows").await;
    query(format!("CREATE TABLE {name}.t (a String) ENGINE = Memory")).await;
    let insert = format!("INSERT INTO {name}.t FORMAT Values");
    text(post_rows(&insert, "('x'), (upper('y'))")).await;
    assert_refused(post_rows(&insert, "(file('/etc/passwd'))"), DENIED, "a row").await;
    assert_refused(post_rows(&format!("{insert}\u{a0}"), "(file('/etc/passwd'))"), "62", "a blank").await;
    let own = query(format!("SELECT a FROM {name}.t ORDER BY a"));
    assert_eq!(own.await, "Y\nx\n");
}

/// Whoever listens is never called.
#[tokio::test]
async fn other_servers_are_not_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    for statement in [
        format!("SELECT * FROM url('http://{address}/', TSV, 'a String')"),
        format!("SELECT * FROM s3('http://{address}/bucket/k', TSV, 'a String')"),
        format!("SELECT * FROM gcs('http://{address}/bucket/k', TSV, 'a String')"),
        format!("SELECT * FROM remote('{address}', system.one)"),
        format!("SELECT * FROM remoteSecure('{address}', system.one)"),
        format!("SELECT * FROM mysql('{address}', 'd', 't', 'u', 'p')"),
        format!("SELECT * FROM postgresql('{address}', 'd', 't', 'u', 'p')"),
        format!("SELECT * FROM mongodb('{address}', 'd', 't', 'u', 'p', 'a String')"),
        format!("SELECT * FROM redis('{address}', 'key', 'key String, v String')"),
        format!("SELECT * FROM hdfs('hdfs://{address}/x', TSV, 'a String')"),
        format!("SELECT * FROM iceberg('http://{address}/bucket/k')"),
        format!("SELECT * FROM deltaLake('http://{address}/bucket/k')"),
        format!(
            "SELECT * FROM azureBlobStorage('DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;BlobEndpoint=http://{address}/a;', 'c', 'b', TSV, 'auto', 'a String')"
        ),
        format!("INSERT INTO FUNCTION url('http://{address}/', TSV, 'a String') VALUES ('x')"),
        format!("CREATE TABLE outside (a String) ENGINE = URL('http://{address}/', TSV)"),
        format!("CREATE TABLE outside (a String) ENGINE = S3('http://{address}/bucket/k', TSV)"),
        format!("CREATE TABLE outside (a String) ENGINE = Kafka('{address}', 't', 'g', 'TSV')"),
        format!("CREATE DATABASE outside ENGINE = MySQL('{address}', 'd', 'u', 'p')"),
        format!("CREATE DATABASE outside ENGINE = PostgreSQL('{address}', 'd', 'u', 'p')"),
        format!("{} SETTINGS disk = disk(type = web, endpoint = 'http://{address}/')", created("outside")),
        format!(
            "{} SETTINGS disk = disk(type = s3, endpoint = 'http://{address}/bucket/', access_key_id = 'a', secret_access_key = 'b')",
            created("outside")
        ),
        format!("BACKUP DATABASE system TO S3('http://{address}/bucket/k')"),
    ] {
        assert_refused(post(statement.clone()), DENIED, &statement).await;
    }
    // It knows no clusters, nor columns elsewhere.
    for (statement, code) in [
        (format!("SELECT * FROM cluster('{address}', system.one)"), "701"),
        (format!("SELECT hasColumnInTable('{address}', 'd', 't', 'c')"), "42"),
    ] {
        assert_refused(post(statement.clone()), code, &statement).await;
    }
    assert!(listener.accept().is_err(), "a statement made a connection");
}

#[tokio::test]
async fn nobody_stops_the_engine_or_changes_rights() {
    for statement in [
        "SYSTEM SHUTDOWN",
        "SYSTEM KILL",
        "CREATE USER u",
        "GRANT ALL ON *.* TO default",
        "CREATE NAMED COLLECTION c AS a = 1",
        "SELECT * FROM executable('id', TSV, 'a String')",
    ] {
        assert_refused(post(statement), DENIED, statement).await;
    }
}

/// A new version of the library may bring engines whose reach nobody has looked at.
#[tokio::test]
async fn every_engine_of_tables_is_known() {
    let inside = "'Alias', 'Buffer', 'Dictionary', 'FuzzJSON', 'FuzzQuery', 'GenerateRandom', 'Join', 'Log', 'Loop', \
        'MaterializedView', 'Memory', 'Merge', 'Null', 'Set', 'StripeLog', 'TimeSeries', 'TinyLog', 'View', 'WindowView'";
    let unknown = format!(
        "SELECT name FROM system.table_engines WHERE name NOT LIKE '%MergeTree' AND name NOT IN ({inside})"
    );
    for engine in query(unknown).await.lines() {
        assert_refused(post(format!("CREATE TABLE unknown (a Int8) ENGINE = {engine}")), DENIED, engine)
            .await;
    }
}

#[tokio::test]
async fn what_stays_inside_is_allowed() {
    let name = database("outside_inside").await;
    for statement in [
        "CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a",
        "INSERT INTO t SELECT number FROM numbers(3)",
        "CREATE VIEW v AS SELECT * FROM t",
        "CREATE FUNCTION outside_double AS x -> x * 2",
        "ALTER TABLE t ADD COLUMN b UInt8",
        "OPTIMIZE TABLE t FINAL",
        "SYSTEM STOP MERGES t",
        "SYSTEM START MERGES t",
        "SELECT outside_double(a), 'file(1)' FROM t, zeros(1) AS z FORMAT Null",
        "SELECT * FROM merge(currentDatabase(), 't') FORMAT Null",
        "SHOW CREATE TABLE t",
        "TRUNCATE TABLE t",
        "DROP TABLE t",
    ] {
        text(post(statement).query(&[("database", name)])).await;
    }
}
