//! The end: what is in flight is answered, and kept.

use futures_util::stream;
use reqwest::Method;
use serde_json::json;
use testing::wait::until;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::harness::events::event;
use crate::harness::socket::body_of;
use crate::harness::{App, Ask, PATIENCE, Setup};

#[tokio::test]
async fn a_request_in_flight_is_answered_before_the_end() {
    let mut app = App::start_writes_only().await;
    let (sent, is_sent) = oneshot::channel::<()>();
    let (release, released) = oneshot::channel::<()>();
    let body = event(json!({})).to_string().into_bytes();
    let pieces = stream::once(async move {
        sent.send(()).unwrap();
        released.await.unwrap();
        body
    });
    let slow = tokio::spawn(app.request(Method::POST, "/event").body(body_of(pieces)).ask());
    is_sent.await.unwrap();
    app.shut_down();
    let address = app.address;
    until("nobody listens any more", PATIENCE, async || TcpStream::connect(address).await.is_err()).await;

    release.send(()).unwrap();
    assert_eq!(slow.await.unwrap().status, 202);
    app.ended().await.unwrap();
}

#[tokio::test]
async fn the_end_is_announced_while_requests_are_still_taken() {
    let api = api::Config { api_drain_ms: 600_000, ..api::Config::default() };
    let app = App::with(Setup { api, ..Setup::default() }).await;
    assert_eq!(app.get("/ready").await.header("connection"), "");
    app.shut_down();
    until("the application is not ready", PATIENCE, async || app.get("/ready").await.status == 503).await;
    let ready = app.get("/ready").await;
    ready.invites_a_retry();
    assert_eq!((&ready.json()["error"], &ready.data()["kafka"]), (&json!("shutting down"), &json!("ok")));
    for answer in [app.post("/event?wait=30s", event(json!({}))).await, app.get("/event/none").await] {
        assert_eq!(answer.header("connection"), "close");
        assert!([201, 404].contains(&answer.status.as_u16()), "{}", answer.text);
    }
}
