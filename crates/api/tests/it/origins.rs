//! Web pages that are let in can send and read, others neither.

use reqwest::Method;
use serde_json::json;

use crate::harness::events::event;
use crate::harness::{Answer, App, Ask, Part, Setup};

const PAGE: &str = "https://app.example.com";

async fn allowing(origins: &str) -> App {
    let api = api::Config { allowed_origins: origins.into(), ..api::Config::default() };
    App::with(Setup { api, without: &[Part::Consumer, Part::ClickHouse], ..Setup::default() }).await
}

/// What a browser asks before a page sends JSON.
async fn preflight(app: &App, origin: &str) -> Answer {
    let asks = app.request(Method::OPTIONS, "/event").header("origin", origin);
    let asks = asks.header("access-control-request-method", "POST");
    asks.header("access-control-request-headers", "content-type").ask().await
}

#[tokio::test]
async fn a_page_that_is_let_in_may_send_json_and_read_the_answer() {
    let app = allowing(PAGE).await;
    let asked = preflight(&app, PAGE).await;
    assert_eq!((asked.status.as_u16(), &*asked.text), (204, ""));
    assert_eq!(asked.header("access-control-allow-origin"), PAGE);
    assert!(asked.header("access-control-allow-methods").contains("POST"));
    assert!(asked.header("access-control-allow-headers").contains("content-type"));

    let create = app.request(Method::POST, "/event").header("origin", PAGE);
    let create = create.header("content-type", "application/json").body(event(json!({})).to_string());
    for (answer, status) in
        [(create.ask().await, 202), (app.request(Method::GET, "/no").header("origin", PAGE).ask().await, 404)]
    {
        assert_eq!(answer.status, status);
        assert_eq!((answer.header("access-control-allow-origin"), answer.header("vary")), (PAGE, "origin"));
    }
}

#[tokio::test]
async fn another_page_and_a_program_are_told_nothing_of_it() {
    let app = allowing(PAGE).await;
    let other = preflight(&app, "https://other.example").await;
    assert_eq!((other.status.as_u16(), other.header("access-control-allow-origin")), (403, ""));
    let program = app.post("/event", event(json!({}))).await;
    assert_eq!((program.status.as_u16(), program.header("access-control-allow-origin")), (202, ""));
    assert_eq!(app.request(Method::OPTIONS, "/event").ask().await.status, 405);
}

#[tokio::test]
async fn where_any_page_is_let_in_requests_without_an_origin_are_too() {
    let app = allowing("*").await;
    let image = app.request(Method::GET, "/ping").header("sec-fetch-site", "cross-site").ask().await;
    assert_eq!(image.status, 200);
}
