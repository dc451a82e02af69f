//! Web pages of other origins: what their clients send, they may send.

use reqwest::Method;

use super::{is_refusal, track, writes_only};
use crate::harness::{Answer, App, Ask};
use crate::keys::{ENTRIES, with_keys};

const PAGE: &str = "https://shop.example";

async fn preflight(app: &App, path: &str, method: &str) -> Answer {
    let asks = app.request(Method::OPTIONS, path).header("origin", PAGE);
    let asks = asks.header("access-control-request-method", method);
    asks.header("access-control-request-headers", "authorization,x-retry-count").ask().await
}

fn may_read(answer: &Answer) {
    assert_eq!(answer.header("access-control-allow-origin"), PAGE);
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
    assert_eq!(answer.header("access-control-expose-headers"), "retry-after, x-request-id");
    assert!(answer.header("vary").split(", ").any(|name| name == "origin"));
}

#[tokio::test]
async fn a_page_of_any_origin_may_send_and_read_the_answers_also_of_errors() {
    let app = App::with(with_keys(ENTRIES, None)).await;
    for (path, method) in [
        ("/v1/p", "POST"),
        ("/v1/batch", "POST"),
        ("/beacon/v1/batch?writeKey=k", "POST"),
        ("/v1/projects/k/settings", "GET"),
        ("/sourceConfig/", "GET"),
    ] {
        let asked = preflight(&app, path, method).await;
        assert_eq!((asked.status.as_u16(), &*asked.text), (204, ""), "{path}");
        may_read(&asked);
        assert_eq!(asked.header("access-control-allow-methods"), "GET, POST, OPTIONS");
        assert_eq!(asked.header("access-control-allow-headers"), "authorization,x-retry-count");
        assert_eq!(asked.header("access-control-max-age"), "7200");
    }
    let send = async |path: &str, key: &str, body: String| {
        let request = app.request(Method::POST, path).header("origin", PAGE);
        request.header("authorization", format!("Basic {key}")).body(body).ask().await
    };
    // `printf acme-ingest: | base64`
    let key = "YWNtZS1pbmdlc3Q6";
    for (answer, status) in [
        (send("/v1/t", key, track().to_string()).await, 200),
        (send("/v1/t", key, "{}".into()).await, 400),
        (send("/v1/t", "bm8=", track().to_string()).await, 401),
        (send("/v1/none", key, String::new()).await, 404),
        (send("/v1/projects/k/settings", key, String::new()).await, 405),
    ] {
        assert_eq!(answer.status, status, "{}", answer.text);
        may_read(&answer);
    }
    // What is read with keys is none of its business.
    let recent =
        app.request(Method::GET, "/v1/debug/recent").header("origin", PAGE).header("x-api-key", "acme-all");
    assert_eq!(recent.ask().await.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn without_keys_only_pages_that_are_known_may_send() {
    let app = writes_only(api::Config { allowed_origins: PAGE.into(), ..api::Config::default() }).await;
    let from = async |origin: &str| {
        app.request(Method::POST, "/v1/t").header("origin", origin).body(track().to_string()).ask().await
    };
    let answer = from(PAGE).await;
    assert_eq!(answer.status, 200);
    may_read(&answer);
    assert_eq!(from("http://localhost:3000").await.status, 200);
    is_refusal(&from("https://other.example").await, 403, "forbidden");
}
