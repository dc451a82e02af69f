//! Web pages, which a browser on this machine would let reach the port.

use reqwest::RequestBuilder;

use crate::server::{get, post, text};

async fn refused(request: RequestBuilder) {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 403);
    assert_eq!(response.text().await.unwrap().lines().count(), 1);
}

#[tokio::test]
async fn a_request_with_an_origin_is_refused() {
    for origin in ["https://example.com", "http://127.0.0.1:8123", "null"] {
        refused(post("SELECT 1").header("Origin", origin)).await;
        refused(get("SELECT 1").header("Origin", origin)).await;
    }
}

#[tokio::test]
async fn a_request_for_a_page_of_another_site_is_refused() {
    for site in ["cross-site", "same-site"] {
        refused(get("SELECT 1").header("Sec-Fetch-Site", site)).await;
    }
    assert_eq!(text(get("SELECT 1").header("Sec-Fetch-Site", "none")).await, "1\n");
}

#[tokio::test]
async fn a_request_to_another_host_is_refused() {
    for host in ["example.com", "example.com:8123", "127.0.0.1.example.com", "10.0.0.1", "0.0.0.0"] {
        refused(post("SELECT 1").header("Host", host)).await;
        refused(get("SELECT 1").header("Host", host)).await;
    }
    for host in ["localhost", "localhost:1", "127.0.0.1", "127.1.2.3:99", "[::1]:8123"] {
        assert_eq!(text(post("SELECT 1").header("Host", host)).await, "1\n", "{host}");
    }
}
