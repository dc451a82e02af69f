//! What the protocol says of messages and headers, and who is let in.

use reqwest::Method;
use serde_json::{Value, json};

use super::{Client, call, error, message};
use crate::harness::{App, Ask, Caller};
use crate::keys::{ENTRIES, with_keys};
use rmcp::ClientLifecycleMode;

#[tokio::test]
async fn a_message_needs_no_session_and_gets_none() {
    let app = App::start_writes_only().await;
    let listed = app.post("/mcp", message("tools/list", json!({}))).await;
    assert_eq!((listed.status.as_u16(), listed.header("mcp-session-id")), (200, ""));
    assert_eq!(listed.json()["result"]["tools"].as_array().map(Vec::len), Some(6));
    assert_eq!(app.post("/mcp", message("ping", json!({}))).await.json()["result"], json!({}));
    // Whatever a client says that it takes and sends, and in gzip too.
    let request =
        app.request(Method::POST, "/mcp").header("accept", "text/html").header("content-type", "text/plain");
    assert_eq!(request.body(message("ping", json!({})).to_string()).ask().await.status, 200);
    let packed = crate::limits::gzip(message("ping", json!({})).to_string().as_bytes());
    let request = app.request(Method::POST, "/mcp").header("content-encoding", "gzip");
    assert_eq!(request.body(packed).ask().await.status, 200);
    let notified = app.post("/mcp", json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
    assert_eq!((notified.status.as_u16(), &*notified.text), (202, ""));
}

#[tokio::test]
async fn there_is_no_stream_and_no_session_to_end() {
    let app = App::start_writes_only().await;
    for method in [Method::GET, Method::DELETE] {
        let answer = app.request(method, "/mcp").header("accept", "text/event-stream").ask().await;
        answer.refuses(405, "method_not_allowed", "method not allowed");
        assert_eq!(answer.header("allow"), "POST");
    }
}

#[tokio::test]
async fn what_is_no_message_is_answered_as_json_rpc_says() {
    let app = App::start_writes_only().await;
    let no_message = "the body must be one message of JSON-RPC 2.0".to_owned();
    for (body, refused) in [
        (json!([message("ping", json!({}))]), (400, -32_600, no_message.clone())),
        (json!({"id": 1, "method": "ping"}), (400, -32_600, no_message.clone())),
        (json!("ping"), (400, -32_600, no_message)),
        (message("tools/nothing", json!({})), (200, -32_601, "tools/nothing".to_owned())),
        (call("drop", json!({})), (200, -32_602, "unknown tool \"drop\"".to_owned())),
    ] {
        assert_eq!(error(&app.post("/mcp", &body).await), refused, "{body}");
    }
    for broken in ["", "{\"jsonrpc\":", "{\"jsonrpc\": NaN}"] {
        let (status, code, words) = error(&app.post("/mcp", broken).await);
        assert_eq!((status, code), (400, -32_700), "{broken}");
        assert!(words.starts_with("the body must be JSON: "), "{words}");
    }
    let listed = app.post("/mcp", message("tools/call", json!({"arguments": {}}))).await;
    assert!((-32_602..=-32_601).contains(&error(&listed).1), "{}", listed.text);
}

#[tokio::test]
async fn a_version_that_is_not_known_is_refused_by_name() {
    let app = App::start_writes_only().await;
    let versioned = |version| {
        let request = app.request(Method::POST, "/mcp").header("mcp-protocol-version", version);
        request.body(message("tools/list", json!({})).to_string()).ask()
    };
    for version in ["2025-03-26", "2025-06-18", "2025-11-25"] {
        assert_eq!(versioned(version).await.status, 200, "{version}");
    }
    let words = "Bad Request: Unsupported MCP-Protocol-Version: 1999-01-01";
    versioned("1999-01-01").await.refuses(400, "invalid_field", words);
    let initialize = |version| {
        let client = json!({"name": "test", "version": "1"});
        message("initialize", json!({"protocolVersion": version, "capabilities": {}, "clientInfo": client}))
    };
    for (asked, agreed) in [("2025-06-18", "2025-06-18"), ("1999-01-01", "2025-11-25")] {
        let answer = app.post("/mcp", initialize(asked)).await.json();
        assert_eq!(answer["result"]["protocolVersion"], agreed, "{answer}");
    }
}

#[tokio::test]
async fn a_key_that_may_read_is_needed() {
    let app = App::with(with_keys(ENTRIES, None)).await;
    let listed = async |caller: &Caller| caller.post("/mcp", message("tools/list", json!({}))).await;
    let nobody = listed(&app).await;
    let words = "a key is needed: send it as Authorization: Bearer, as X-Api-Key, or as the user of Basic";
    nobody.refuses(401, "unauthorized", words);
    assert_eq!(nobody.header("www-authenticate"), "Bearer");
    listed(&app.key("unknown")).await.refuses(401, "unauthorized", "the key is not known");
    listed(&app.key("acme-ingest")).await.refuses(403, "forbidden", "the key lacks the scope read");
    assert_eq!(listed(&app.key("acme-read")).await.status, 200);
    for key in ["unknown", "acme-ingest"] {
        assert!(Client::with(&app.key(key), ClientLifecycleMode::Initialize).await.is_err(), "{key}");
    }
    let bearer = app.request(Method::POST, "/mcp").bearer_auth("acme-read");
    assert_eq!(bearer.body(message("ping", json!({})).to_string()).ask().await.status, 200);
}

#[tokio::test]
async fn a_web_page_of_another_origin_can_ask_nothing() {
    let app = App::start_writes_only().await;
    for (name, value, words) in [
        ("origin", "https://evil.example", "requests from other web pages are refused: see ALLOWED_ORIGINS"),
        ("host", "evil.example", "requests to this host are refused: see ALLOWED_HOSTS"),
    ] {
        let request = app.request(Method::POST, "/mcp").header(name, value);
        let body = message("tools/list", json!({})).to_string();
        request.body(body).ask().await.refuses(403, "forbidden", words);
    }
    let own = app.request(Method::POST, "/mcp").header("origin", "http://localhost:6274");
    let answer = own.body(message("tools/list", json!({})).to_string()).ask().await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("access-control-allow-origin")),
        (200, "http://localhost:6274")
    );
}

#[tokio::test]
async fn a_large_body_is_refused() {
    let app = App::start_writes_only().await;
    let large = message("ping", json!({"x": "x".repeat(128 << 10)}));
    app.post("/mcp", large).await.refuses(413, "too_large", "the body is larger than 131072 bytes");
    let answer: Value = app.post("/mcp", message("ping", json!({"x": "x".repeat(100 << 10)}))).await.json();
    assert_eq!(answer["result"], json!({}));
}
