//! Answers of reads, compressed.

use std::io::Read;

use flate2::read::GzDecoder;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::json;

use crate::harness::App;
use crate::harness::events::event;

async fn compressed(request: RequestBuilder) -> Response {
    request.header("accept-encoding", "gzip").send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

async fn unpacked(response: Response) -> String {
    let (packed, mut text) = (response.bytes().await.unwrap(), String::new());
    GzDecoder::new(&*packed).read_to_string(&mut text).unwrap();
    text
}

#[tokio::test]
async fn what_is_read_comes_as_gzip_where_the_client_takes_it() {
    let app = App::start().await;
    let id = app.create(&event(json!({"input": "x".repeat(2_000)}))).await;
    app.create_all(&vec![event(json!({"input": "y".repeat(1_000)})); 200]).await;
    for path in [&format!("/event/{id}"), "/events/conversation/c-1", "/openapi.json"] {
        let plain = app.get(path).await;
        assert_eq!((plain.header("content-encoding"), plain.header("vary")), ("", "accept-encoding"));
        let answer = compressed(app.request(Method::GET, path)).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "content-encoding")), (200, "gzip"), "{path}");
        assert_eq!(header(&answer, "vary"), "accept-encoding", "{path}");
        assert_eq!(header(&answer, "content-type"), "application/json", "{path}");
        assert_eq!(unpacked(answer).await, plain.text, "{path}");
    }
    let numbers = unpacked(compressed(app.request(Method::GET, "/metrics")).await).await;
    assert!(numbers.ends_with("# EOF\n"), "{numbers}");
}

#[tokio::test]
async fn a_page_is_told_of_both_things_that_an_answer_varies_by() {
    let app = App::start_writes_only().await;
    let request = app.request(Method::GET, "/openapi.json").header("origin", "http://localhost:3000");
    let answer = compressed(request).await;
    assert_eq!(answer.headers()["access-control-allow-origin"], "http://localhost:3000");
    let varies: Vec<_> = answer.headers().get_all("vary").iter().collect();
    assert_eq!(varies, ["origin", "accept-encoding"]);
}

#[tokio::test]
async fn a_head_says_what_a_get_would_and_has_no_body() {
    let app = App::start_writes_only().await;
    let answer = compressed(app.request(Method::HEAD, "/openapi.json")).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "content-encoding")), (200, "gzip"));
    assert_eq!(answer.headers().get("content-length"), None);
    assert!(answer.bytes().await.unwrap().is_empty());
    // The connection is where it should be.
    assert_eq!(app.get("/ping").await.status, 200);
}

#[tokio::test]
async fn what_is_small_or_answers_a_write_comes_as_it_is() {
    let app = App::start_writes_only().await;
    let events = json!({"events": vec![event(json!({})); 100]}).to_string();
    let written = compressed(app.request(Method::POST, "/events").body(events)).await;
    let preflight = app
        .request(Method::OPTIONS, "/openapi.json")
        .header("origin", "http://localhost:3000")
        .header("access-control-request-method", "GET");
    for (status, answer) in [
        (202, written),
        (200, compressed(app.request(Method::GET, "/ping")).await),
        (404, compressed(app.request(Method::GET, "/event/none")).await),
        (204, compressed(preflight).await),
    ] {
        assert_eq!((answer.status().as_u16(), header(&answer, "content-encoding")), (status, ""));
        assert!(!header(&answer, "vary").contains("encoding"));
    }
}
