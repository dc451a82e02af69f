//! What `curl` and other HTTP clients send.

use reqwest::Client;

use crate::server::{database, get, header, post, post_rows, query, text, url};

#[tokio::test]
async fn a_bare_get_and_a_ping_say_ok() {
    for path in ["", "/", "/ping"] {
        assert_eq!(text(Client::new().get(format!("{}{path}", url()))).await, "Ok.\n");
    }
}

#[tokio::test]
async fn a_statement_may_be_in_the_url_the_body_or_both() {
    assert_eq!(text(get("SELECT 1")).await, "1\n");
    assert_eq!(text(post("SELECT 2")).await, "2\n");
    assert_eq!(text(post_rows("SELECT 1 +", "2")).await, "3\n");
    assert_eq!(text(post("SELECT 4;\n-- a comment\n")).await, "4\n");
}

#[tokio::test]
async fn the_format_is_the_statements_or_the_parameters_or_the_headers() {
    let json = "{\"x\":1}\n";
    assert_eq!(text(post("SELECT 1 AS x FORMAT JSONEachRow")).await, json);
    assert_eq!(text(post("SELECT 1 AS x").query(&[("default_format", "JSONEachRow")])).await, json);
    assert_eq!(text(post("SELECT 1 AS x").header("X-ClickHouse-Format", "JSONEachRow")).await, json);
    assert_eq!(
        text(post("SELECT 1 AS x FORMAT CSV").query(&[("default_format", "JSONEachRow")])).await,
        "1\n"
    );
    assert_eq!(text(post("SELECT 1 AS x")).await, "1\n");
}

#[tokio::test]
async fn a_response_says_what_it_is() {
    let response = post("SELECT 1 FORMAT JSONEachRow").query(&[("query_id", "an-id")]).send().await.unwrap();
    assert_eq!(header(&response, "X-ClickHouse-Query-Id"), Some("an-id"));
    assert_eq!(header(&response, "X-ClickHouse-Format"), Some("JSONEachRow"));
    assert_eq!(header(&response, "Content-Type"), Some("application/x-ndjson; charset=UTF-8"));

    let response = post("SELECT 1").send().await.unwrap();
    assert_eq!(header(&response, "X-ClickHouse-Format"), Some("TabSeparated"));
    assert_eq!(header(&response, "Content-Type"), Some("text/tab-separated-values; charset=UTF-8"));
    assert_eq!(header(&response, "X-ClickHouse-Query-Id").unwrap().len(), 36);
}

#[tokio::test]
async fn the_database_is_the_parameters_or_the_headers() {
    let name = database("requests_database").await;
    let asked = "SELECT currentDatabase()";
    assert_eq!(text(post(asked)).await, "default\n");
    assert_eq!(text(post(asked).query(&[("database", name)])).await, "requests_database\n");
    assert_eq!(text(post(asked).header("X-ClickHouse-Database", name)).await, "requests_database\n");
    assert_eq!(text(post(asked).query(&[("database", "")])).await, "default\n");
}

#[tokio::test]
async fn credentials_are_taken_and_not_looked_at() {
    assert_eq!(text(post("SELECT 1").basic_auth("someone", Some("secret"))).await, "1\n");
    assert_eq!(
        text(post("SELECT 1").header("X-ClickHouse-User", "a").header("X-ClickHouse-Key", "b")).await,
        "1\n"
    );
    assert_eq!(text(post("SELECT 1").query(&[("user", "a"), ("password", "b")])).await, "1\n");
}

#[tokio::test]
async fn parameters_are_bound_in_every_kind_of_statement() {
    let name = database("requests_parameters").await;
    let with = |request: reqwest::RequestBuilder| {
        request.query(&[("database", name), ("param_table", "t"), ("param_text", "it's")])
    };
    text(with(post("CREATE TABLE {table:Identifier} (a String) ENGINE = MergeTree ORDER BY a"))).await;
    text(with(post("INSERT INTO {table:Identifier} VALUES ({text:String})"))).await;
    text(with(post_rows("INSERT INTO {table:Identifier} FORMAT CSV", "x\n"))).await;
    text(with(post("INSERT INTO {table:Identifier} SELECT {text:String}"))).await;
    let rows = text(with(post("SELECT a, a = {text:String} FROM {table:Identifier} ORDER BY a"))).await;
    assert_eq!(rows, "it\\'s\t1\nit\\'s\t1\nx\t0\n");
    assert!(text(with(post("DESCRIBE {table:Identifier}"))).await.starts_with("a\tString"));
}

#[tokio::test]
async fn a_get_request_changes_nothing() {
    let name = database("requests_readonly").await;
    query(format!("CREATE TABLE {name}.t (a UInt8) ENGINE = MergeTree ORDER BY a")).await;
    for statement in [
        "INSERT INTO t VALUES (1)",
        "INSERT INTO t SELECT 1",
        "INSERT INTO t FORMAT CSV\n1",
        "INSERT INTO FUNCTION null('a UInt8') VALUES (1)",
        "DROP TABLE t",
        "ALTER TABLE t DELETE WHERE 1",
        "CREATE TABLE u (a UInt8) ENGINE = Memory",
        "SELECT 1 SETTINGS readonly = 0",
        "SET readonly = 0",
    ] {
        for settings in [("log_comment", "x"), ("readonly", "0")] {
            let response = get(statement).query(&[("database", name), settings]).send().await.unwrap();
            assert_eq!(header(&response, "X-ClickHouse-Exception-Code"), Some("164"), "{statement}");
        }
    }
    assert_eq!(
        text(get("SELECT count() FROM t SETTINGS max_threads = 1").query(&[("database", name)])).await,
        "0\n"
    );
    assert_eq!(text(get("SHOW TABLES").query(&[("database", name), ("max_threads", "1")])).await, "t\n");
}
