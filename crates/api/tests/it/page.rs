//! The page, as far as it is the API's: where it is served, to whom, and what else stays the API's own.

use reqwest::Method;
use serde_json::json;

use crate::harness::events::event;
use crate::harness::{Answer, App, Ask, Part, Setup};

const HTML: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn browse(app: &App, path: &str) -> Answer {
    app.request(Method::GET, path).header("accept", HTML).ask().await
}

#[tokio::test]
async fn every_place_of_the_page_is_the_page_with_its_policy() {
    let app = App::start_writes_only().await;
    let page = browse(&app, "/ui/").await;
    assert!(page.text.starts_with("<!doctype html>"), "{}", page.text);
    for path in ["/", "/ui", "/ui/errors", "/ui/users/jane.doe@example.com", "//ui//errors/"] {
        let answer = browse(&app, path).await;
        assert_eq!((answer.status, &answer.text), (page.status, &page.text), "{path}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'; "), "{path}");
        assert_eq!(answer.header("x-request-id"), "test");
    }
    let docs = browse(&app, "/docs").await;
    assert!(docs.text.starts_with("<!doctype html>") && docs.header("content-type").starts_with("text/html"));
    let varies = browse(&app, "/").await;
    assert!(varies.headers.get_all("vary").iter().any(|vary| vary == "accept"));
}

#[tokio::test]
async fn what_is_no_page_is_answered_in_the_envelope() {
    let app = App::start_writes_only().await;
    for path in ["/", "/ui/assets/none.js", "/ui/favicon.ico", "/uis", "/assets/none.js"] {
        app.get(path).await.refuses(404, "not_found", "no such route");
    }
    for path in ["/ui/assets/none.js", "/nowhere", "/index.html"] {
        browse(&app, path).await.refuses(404, "not_found", "no such route");
    }
    for path in ["/", "/ui", "/ui/errors"] {
        let answer = app.request(Method::PUT, path).ask().await;
        answer.refuses(405, "method_not_allowed", "method not allowed");
        assert_eq!(answer.header("allow"), "GET,HEAD");
    }
    let head = app.request(Method::HEAD, "/ui/").ask().await;
    assert!(head.header("content-type").starts_with("text/html") && head.text.is_empty());
}

#[tokio::test]
async fn a_link_from_anywhere_leads_to_the_page_but_not_to_the_data() {
    let app = App::start_writes_only().await;
    let from_elsewhere = async |path| {
        let request = app.request(Method::GET, path).header("sec-fetch-site", "cross-site");
        request.header("accept", HTML).ask().await
    };
    assert_eq!(from_elsewhere("/ui/").await.text, browse(&app, "/ui/").await.text);
    assert_eq!(from_elsewhere("/pipeline").await.status, 403);
}

#[tokio::test]
async fn our_own_page_may_send_under_whatever_name_it_was_reached() {
    let api = api::Config { allowed_hosts: "events.example".into(), ..api::Config::default() };
    let app =
        App::with(Setup { api, without: &[Part::Consumer, Part::ClickHouse], ..Setup::default() }).await;
    let sent = async |origin| {
        let request = app.request(Method::POST, "/event").header("host", "events.example:8080");
        request.header("origin", origin).body(event(json!({})).to_string()).ask().await.status.as_u16()
    };
    assert_eq!(sent("http://events.example:8080").await, 202);
    assert_eq!(sent("http://events.example:9090").await, 403);
}

#[tokio::test]
async fn the_page_needs_no_key_and_is_counted() {
    let mut setup = crate::keys::with_keys(crate::keys::ENTRIES, None);
    setup.without = &[Part::Consumer, Part::ClickHouse];
    let app = App::with(setup).await;
    assert!(browse(&app, "/ui/").await.text.starts_with("<!doctype html>"));
    let counted = app.key("acme-read").get("/metrics").await.text;
    assert!(counted.contains("millrace_http_requests_total{route=\"page\""), "{counted}");
}
