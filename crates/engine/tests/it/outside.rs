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

#[tokio::test]
async fn files_are_neither_read_nor_written() {
    let folder = tempdir().unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, "${a:CSV} the secret").unwrap();
    let (path, new) = (secret.display(), folder.path().join("new"));
    let (folder, new_path) = (folder.path().display(), new.display());
    for statement in [
        format!("SELECT * FROM file('{path}', LineAsString)"),
        format!("SELECT * FROM (SELECT * FROM /* x */ FILE('{path}', LineAsString))"),
        format!("SELECT * FROM '{path}'"),
        format!("SELECT * FROM `{path}`"),
        format!("SELECT file('{path}')"),
        format!("SELECT arrayMap(file, ['{path}'])"),
        format!("SELECT * FROM values('x UInt8, a String ALIAS file(''{path}'')', 1)"),
        format!("SELECT * FROM format(Values, 'a String', $$(file('{path}'))$$)"),
        format!("SELECT * FROM filesystem('{folder}')"),
        format!("DESCRIBE TABLE file('{path}', TSV)"),
        format!("CREATE TABLE outside ENGINE = File(TSV, '{path}')"),
        format!("CREATE TABLE outside AS file('{path}', LineAsString)"),
        format!("CREATE TABLE outside (a Int8) ENGINE = EmbeddedRocksDB(0, '{new_path}') PRIMARY KEY a"),
        format!("CREATE DATABASE outside ENGINE = Filesystem('{folder}')"),
        format!("CREATE DATABASE outside ENGINE = SQLite('{new_path}')"),
        format!("ATTACH TABLE outside FROM '{folder}' (a Int8) ENGINE = MergeTree ORDER BY a"),
        format!(
            "CREATE DICTIONARY outside (a UInt8) PRIMARY KEY a SOURCE(FILE(path '{path}' format TSV)) LAYOUT(FLAT()) LIFETIME(0)"
        ),
        format!("INSERT INTO FUNCTION file('{new_path}', TSV, 'a Int8') VALUES (1)"),
        format!("INSERT INTO FUNCTION file('{new_path}', TSV, 'a Int8') SELECT 1"),
        format!("BACKUP DATABASE system TO File('{new_path}')"),
        format!(
            "CREATE DATABASE outside ENGINE = MergeTree SETTINGS disk = disk(type = local, path = '{new_path}')"
        ),
        format!("SELECT 1 AS a FORMAT Template SETTINGS format_template_row = '{path}'"),
        format!("SELECT 1 AS a FORMAT Protobuf SETTINGS output_format_schema = '{new_path}'"),
        format!("SELECT 1 SETTINGS additional_result_filter = 'file(''{path}'') = 1'"),
        format!("SELECT * FROM icebergLocal('{folder}')"),
        format!("SELECT * FROM sqlite('{path}', 'x')"),
    ] {
        let (code, said) = refusal(post(statement.clone())).await;
        assert!(!code.is_empty() && !said.contains("the secret"), "{statement}: {said}");
    }
    for setting in ["format_template_row", "output_format_schema", "dialect"] {
        let (code, said) = refusal(post("SELECT 1").query(&[(setting, "x")])).await;
        assert_ne!(code, "", "{setting}: {said}");
    }
    assert!(!new.exists() && !new.with_extension("proto").exists());
}

#[tokio::test]
async fn rows_of_expressions_are_part_of_the_statement() {
    let name = database("outside_rows").await;
    query(format!("CREATE TABLE {name}.t (a String) ENGINE = Memory")).await;
    for rows in ["('x'), (upper('y'))", "(file('/etc/passwd'))"] {
        let (code, _) = refusal(post_rows(&format!("INSERT INTO {name}.t FORMAT Values"), rows)).await;
        assert_eq!(code.is_empty(), !rows.contains("file"), "{rows}");
    }
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
        format!("SELECT * FROM s3('http://{address}/b/k', TSV, 'a String')"),
        format!("SELECT * FROM gcs('http://{address}/b/k', TSV, 'a String')"),
        format!("SELECT * FROM remote('{address}', system.one)"),
        format!("SELECT * FROM REMOTESECURE('{address}', system.one)"),
        format!("SELECT * FROM cluster('{address}', system.one)"),
        format!("SELECT * FROM mysql('{address}', 'd', 't', 'u', 'p')"),
        format!("SELECT * FROM postgresql('{address}', 'd', 't', 'u', 'p')"),
        format!("SELECT * FROM mongodb('{address}', 'd', 't', 'u', 'p', 'a String')"),
        format!("SELECT * FROM redis('{address}', 'key', 'key String, v String')"),
        format!("SELECT * FROM hdfs('hdfs://{address}/x', TSV, 'a String')"),
        format!("SELECT * FROM iceberg('http://{address}/b/k')"),
        format!("SELECT * FROM deltaLake('http://{address}/b/k')"),
        format!(
            "SELECT * FROM azureBlobStorage('DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;BlobEndpoint=http://{address}/a;', 'c', 'b', TSV, 'auto', 'a String')"
        ),
        format!("INSERT INTO FUNCTION url('http://{address}/', TSV, 'a String') VALUES ('x')"),
        format!("CREATE TABLE outside (a String) ENGINE = URL('http://{address}/', TSV)"),
        format!("CREATE TABLE outside (a String) ENGINE = S3('http://{address}/b/k', TSV)"),
        format!("CREATE TABLE outside (a String) ENGINE = Kafka('{address}', 't', 'g', 'TSV')"),
        format!("CREATE DATABASE outside ENGINE = MySQL('{address}', 'd', 'u', 'p')"),
        format!("CREATE DATABASE outside ENGINE = PostgreSQL('{address}', 'd', 'u', 'p')"),
        format!(
            "CREATE TABLE outside (a Int8) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = web, endpoint = 'http://{address}/')"
        ),
        format!("BACKUP DATABASE system TO S3('http://{address}/b/k')"),
    ] {
        let (code, said) = refusal(post(statement.clone())).await;
        assert_ne!(code, "", "{statement}: {said}");
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
        let (code, said) = refusal(post(statement)).await;
        assert_eq!(code, "497", "{statement}: {said}");
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
        let (code, said) = refusal(post(format!("CREATE TABLE unknown (a Int8) ENGINE = {engine}"))).await;
        assert_eq!(code, "497", "{engine}: {said}");
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
