//! What all answers have in common, whatever was asked.

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::json;

use crate::harness::events::{event, new_id};
use crate::harness::{App, Ask};

/// Every route and what it serves, `{}` in place of an id.
const ROUTES: [(&str, &str); 13] = [
    ("/event", "POST"),
    ("/event/{}", "GET,HEAD,PUT,DELETE"),
    ("/events", "POST,GET,HEAD"),
    ("/events/conversation/c-1", "GET,HEAD"),
    ("/analytics/errors", "GET,HEAD"),
    ("/analytics/latency", "GET,HEAD"),
    ("/analytics/sessions/top-errors", "GET,HEAD"),
    ("/tail", "GET,HEAD"),
    ("/health", "GET,HEAD"),
    ("/ready", "GET,HEAD"),
    ("/ping", "GET,HEAD"),
    ("/pipeline", "GET,HEAD"),
    ("/mcp", "POST"),
];

#[tokio::test]
async fn an_unknown_route_is_answered_in_the_envelope() {
    let app = App::start_writes_only().await;
    assert_snapshot!(app.get("/nowhere").await.shown(), @r#"404 {"success":false,"error":"no such route","code":"not_found","request_id":"test"}"#);
    for path in
        ["//", "/event/a/b", "/Event", "/events/c-1", "/analytics", "/health/x", "/events/conversation"]
    {
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            app.request(method, path).ask().await.refuses(404, "not_found", "no such route");
        }
    }
}

#[tokio::test]
async fn a_wrong_method_is_a_405_that_names_the_right_ones() {
    let app = App::start_writes_only().await;
    assert_snapshot!(app.get("/event").await.shown(), @r#"405 {"success":false,"error":"method not allowed","code":"method_not_allowed","request_id":"test"}"#);
    for (path, allowed) in ROUTES {
        for slash in ["", "/"] {
            let path = format!("{}{slash}", path.replace("{}", &new_id()));
            for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"] {
                if allowed.split(',').any(|other| other == method) {
                    continue;
                }
                let answer = app.request(method.parse().unwrap(), &path).ask().await;
                assert_eq!(
                    (answer.status.as_u16(), answer.header("allow")),
                    (405, allowed),
                    "{method} {path}"
                );
                if method != "HEAD" {
                    answer.refuses(405, "method_not_allowed", "method not allowed");
                }
            }
        }
    }
}

#[tokio::test]
async fn every_path_is_served_with_and_without_a_trailing_slash() {
    let app = App::start().await;
    let id = app.create(&event(json!({}))).await;
    let one = event(json!({})).to_string();
    for (method, path, body, status) in [
        (Method::POST, "/event", &one[..], 202),
        (Method::GET, "/event/{}", "", 200),
        (Method::PUT, "/event/{}", "{}", 202),
        (Method::POST, "/events", &one, 202),
        (Method::GET, "/events/conversation/c-1", "", 200),
        (Method::GET, "/analytics/errors", "", 200),
        (Method::GET, "/analytics/latency", "", 200),
        (Method::GET, "/analytics/sessions/top-errors", "", 200),
        (Method::GET, "/health", "", 200),
        (Method::GET, "/ready", "", 200),
        (Method::GET, "/ping", "", 200),
        (Method::GET, "/pipeline", "", 200),
        (Method::DELETE, "/event/{}", "", 202),
    ] {
        for slash in ["", "/"] {
            let path = format!("{}{slash}?event_name=event_a", path.replace("{}", &id));
            let answer = app.request(method.clone(), &path).body(body.to_owned()).ask().await;
            assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
            assert_eq!(answer.json()["success"], true);
        }
    }
}

#[tokio::test]
async fn the_requests_id_is_that_of_the_client() {
    let app = App::start().await;
    app.create(&event(json!({}))).await;
    let longest = "x".repeat(128);
    for id in ["a", "req-1/2:3", "\"quoted\\", &longest] {
        for path in ["/ping", "/events/conversation/c-1", "/nowhere", "/analytics/errors"] {
            let answer = reqwest::Client::new().get(app.url(path)).header("x-request-id", id).ask().await;
            assert_eq!(
                (&answer.json()["request_id"], answer.header("x-request-id")),
                (&json!(id), id),
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn a_request_without_a_usable_id_gets_one() {
    let app = App::start().await;
    let mut seen = std::collections::HashSet::new();
    let too_long = "x".repeat(129);
    for id in [None, Some(""), Some("two words"), Some("grüße"), Some(&too_long[..])] {
        for path in ["/ping", "/events/conversation/c-1", "/nowhere"] {
            let mut request = reqwest::Client::new().get(app.url(path));
            if let Some(id) = id {
                request = request.header("x-request-id", id);
            }
            let answer = request.ask().await;
            let made = answer.json()["request_id"].as_str().unwrap().to_owned();
            assert!(made.len() == 32 && made.bytes().all(|byte| byte.is_ascii_hexdigit()), "{made}");
            assert_eq!(answer.header("x-request-id"), made);
            assert!(seen.insert(made), "made twice");
        }
    }
}

#[tokio::test]
async fn a_head_is_answered_like_a_get_without_its_body() {
    let app = App::start().await;
    app.create(&event(json!({}))).await;
    for path in ["/health", "/events/conversation/c-1", "/analytics/latency", "/event/none"] {
        let (get, head) = (app.get(path).await, app.request(Method::HEAD, path).ask().await);
        assert_eq!((head.status, head.header("content-type")), (get.status, "application/json"), "{path}");
        assert_eq!(head.text, "");
    }
}

#[tokio::test]
async fn a_query_that_is_odd_does_no_harm() {
    let app = App::start().await;
    for query in ["?", "?&&=", "?limit=5&limit=7", "?x=%ff%zz", "?unknown=1"] {
        let answer = app.get(&format!("/events/conversation/c-1{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_web_page_of_another_origin_can_neither_write_nor_read() {
    let app = App::start_writes_only().await;
    let page = "requests from other web pages are refused: see ALLOWED_ORIGINS";
    let host = "requests to this host are refused: see ALLOWED_HOSTS";
    let path = format!("/event/{}", new_id());
    for (name, value, words) in [
        ("origin", "https://evil.example", page),
        ("origin", "null", page),
        ("sec-fetch-site", "cross-site", page),
        ("host", "evil.example", host),
    ] {
        for (method, path) in [
            (Method::POST, "/event"),
            (Method::GET, "/pipeline"),
            (Method::GET, &path),
            (Method::GET, "/nowhere"),
        ] {
            let request = app.request(method, path).header(name, value).body(event(json!({})).to_string());
            request.ask().await.refuses(403, "forbidden", words);
        }
    }
    let own = app.request(Method::POST, "/event").header("origin", "http://localhost:3000");
    assert_eq!(own.body(event(json!({})).to_string()).ask().await.status, 202);
    assert_eq!(app.get("/pipeline").await.data()["lag"], 1);
}
