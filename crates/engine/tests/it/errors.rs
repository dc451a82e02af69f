//! Errors as ClickHouse sends them.

use reqwest::RequestBuilder;

use crate::server::{header, post, post_rows};

async fn failure(request: RequestBuilder) -> (u16, String, String) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let code = header(&response, "X-ClickHouse-Exception-Code").expect("an exception").to_owned();
    (status, code, response.text().await.unwrap())
}

#[tokio::test]
async fn an_error_has_a_status_a_code_and_a_text() {
    for (statement, status, code, name) in [
        ("SELECT * FROM missing", 404, "60", "UNKNOWN_TABLE"),
        ("SELECT missing", 404, "47", "UNKNOWN_IDENTIFIER"),
        ("SELECT missing()", 404, "46", "UNKNOWN_FUNCTION"),
        ("SELECT 1 FROM", 400, "62", "SYNTAX_ERROR"),
        ("SELECT 1 FORMAT Missing", 404, "73", "UNKNOWN_FORMAT"),
        ("SELECT 1 SETTINGS missing = 1", 404, "115", "UNKNOWN_SETTING"),
        ("SELECT throwIf(1)", 500, "395", "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO"),
        ("SELECT throwIf(1) FORMAT JSON", 500, "395", "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO"),
        ("SELECT throwIf(number = 9) FROM numbers(10) SETTINGS max_block_size = 1", 500, "395", "ZERO"),
        ("SELECT toUInt8('x')", 400, "6", "CANNOT_PARSE_TEXT"),
        (
            "SELECT count() FROM numbers(1e12) SETTINGS max_execution_time = 0.1",
            408,
            "159",
            "TIMEOUT_EXCEEDED",
        ),
        ("SELECT 1; SELECT 2", 400, "62", "SYNTAX_ERROR"),
        ("SET max_threads = 1; DROP DATABASE default", 400, "62", "SYNTAX_ERROR"),
        ("", 400, "62", "SYNTAX_ERROR"),
        ("-- nothing", 400, "62", "SYNTAX_ERROR"),
        ("exit", 400, "62", "SYNTAX_ERROR"),
        ("SELECT 1 INTO OUTFILE '/tmp/x'", 500, "358", "INTO_OUTFILE_NOT_ALLOWED"),
    ] {
        let (found_status, found_code, text) = failure(post(statement)).await;
        assert_eq!((found_status, found_code.as_str()), (status, code), "{statement}: {text}");
        assert!(text.starts_with(&format!("Code: {code}. DB::Exception: ")), "{text}");
        assert!(text.contains(name) && text.ends_with('\n'), "{text}");
    }
}

#[tokio::test]
async fn an_error_names_its_query() {
    let response = post("SELECT missing").query(&[("query_id", "failing")]).send().await.unwrap();
    assert_eq!(header(&response, "X-ClickHouse-Query-Id"), Some("failing"));
}

#[tokio::test]
async fn an_unknown_database_and_an_unknown_setting_are_not_found() {
    for statement in
        ["SELECT 1", "SHOW TABLES", "CREATE TABLE t (a UInt8) ENGINE = Memory", "INSERT INTO t FORMAT CSV"]
    {
        let (status, code, _) = failure(post(statement).query(&[("database", "missing")])).await;
        assert_eq!((status, code.as_str()), (404, "81"), "{statement}");
        let (status, code, _) = failure(post(statement).query(&[("missing", "1")])).await;
        assert_eq!((status, code.as_str()), (404, "115"), "{statement}");
    }
    let (status, code, _) = failure(post("SELECT 1").query(&[("max_threads = 1, max_rows", "1")])).await;
    assert_eq!((status, code.as_str()), (404, "115"));
}

#[tokio::test]
async fn an_insert_that_can_not_be_read_says_which_row() {
    let insert = "INSERT INTO FUNCTION null('a UInt8') FORMAT JSONEachRow";
    let (status, code, text) = failure(post_rows(insert, "{\"a\":1}\n{\"a\":2}\n{\"a\":[]}\n")).await;
    assert_eq!((status, code.as_str()), (400, "27"));
    assert!(text.contains("(at row 3)"), "{text}");
}

#[tokio::test]
async fn an_insert_that_fails_early_is_answered_after_all_of_a_large_body() {
    let insert = "INSERT INTO missing FORMAT CSV";
    let (status, code, _) = failure(post_rows(insert, "1\n".repeat(8 << 20))).await;
    assert_eq!((status, code.as_str()), (404, "60"));
}

#[tokio::test]
async fn what_the_engine_has_not_is_refused_by_name() {
    let (status, code, _) = failure(post("SELECT 1").query(&[("role", "x")])).await;
    assert_eq!((status, code.as_str()), (501, "48"));
    let (status, code, _) = failure(post("x").header("Content-Encoding", "compress")).await;
    assert_eq!((status, code.as_str()), (501, "48"));
}
