//! Clients that are slow, rude or gone cost nobody else anything.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::json;
use testing::wait::until;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::harness::events::event;
use crate::harness::socket::write_then_read;
use crate::harness::{App, PATIENCE, Part, Setup};

const HALF_A_HEAD: &str = "POST /event HTTP/1.1\r\nHost: localhost\r\nX-Half";

async fn writes_only(api: api::Config) -> App {
    App::with(Setup { api, without: &[Part::Consumer, Part::ClickHouse], ..Setup::default() }).await
}

/// A connection over which so much has been sent.
async fn sent(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// What comes until the server ends the connection; a reset is an end too.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut text)).await.unwrap();
    String::from_utf8(text).unwrap()
}

fn refuses(answer: &str, status: &str, code: &str) {
    assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("content-type: application/json"), "{answer}");
    assert!(head.contains("connection: close") && head.contains("x-request-id: "), "{answer}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!((&body["success"], &body["code"]), (&json!(false), &json!(code)), "{answer}");
    assert!(body["error"].is_string() && body["request_id"].is_string(), "{answer}");
}

#[tokio::test]
async fn heads_that_never_end_are_given_up_and_hold_up_nobody() {
    let app = writes_only(api::Config { api_head_timeout_ms: 2_000, ..api::Config::default() }).await;
    let mut halves = Vec::new();
    for _ in 0..1_000 {
        halves.push(sent(app.address, HALF_A_HEAD).await);
    }
    for _ in 0..10 {
        assert_eq!(app.post("/event", event(json!({}))).await.status, 202);
    }
    for half in &mut halves {
        assert_eq!(rest(half).await, "");
    }
}

#[tokio::test]
async fn a_connection_that_is_idle_ends_and_one_that_is_busy_does_not() {
    let limits =
        api::Config { api_head_timeout_ms: 2_000, api_idle_timeout_ms: 2_000, ..api::Config::default() };
    let app = writes_only(limits).await;
    let body = event(json!({})).to_string();
    let head = "POST /event?wait=5s HTTP/1.1\r\nHost: localhost";
    let request = format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let answer = rest(&mut sent(app.address, &request).await).await;
    assert!(answer.starts_with("HTTP/1.1 202 ") && !answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn connections_without_a_request_do_not_hold_up_the_end() {
    let mut app = writes_only(api::Config::default()).await;
    let mut others =
        vec![TcpStream::connect(app.address).await.unwrap(), sent(app.address, HALF_A_HEAD).await];
    let mut idle = sent(app.address, "GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(idle.read(&mut [0; 4096]).await.unwrap() > 0);
    others.push(idle);
    assert_eq!(app.get("/ping").await.status, 200);
    app.shut_down();
    // What is in flight may take 15 seconds.
    timeout(Duration::from_secs(8), app.ended()).await.unwrap().unwrap();
    for other in &mut others {
        assert_eq!(rest(other).await, "");
    }
}

#[tokio::test]
async fn a_client_that_ends_its_side_behind_a_request_is_answered() {
    let app = writes_only(api::Config::default()).await;
    let body = event(json!({})).to_string();
    let head = "POST /event?wait=300ms HTTP/1.1\r\nHost: localhost";
    let mut stream =
        sent(app.address, &format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())).await;
    stream.shutdown().await.unwrap();
    let answer = rest(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
}

#[tokio::test]
async fn what_is_no_request_is_refused_in_the_envelope() {
    let app = writes_only(api::Config::default()).await;
    let get = "GET /ping HTTP/1.1\r\nHost: localhost";
    for (bytes, status, code) in [
        ("\u{1}\u{2}\r\n\r\n".to_owned(), "400", "invalid_request"),
        ("GET /ping HTTP/3.7\r\n\r\n".into(), "400", "invalid_request"),
        ("GET /ping HTTP/1.1\r\nno header\r\n\r\n".into(), "400", "invalid_request"),
        (format!("{get}\r\n{}\r\n", "X-One: 1\r\n".repeat(200)), "431", "too_large"),
        (format!("{get}\r\nX-Long: {}\r\n\r\n", "x".repeat(100_000)), "431", "too_large"),
        (format!("{get}\r\nX-Long: {}\r\n\r\n", "x".repeat(5_000_000)), "431", "too_large"),
        (format!("GET /event/{} HTTP/1.1\r\n\r\n", "x".repeat(100_000)), "431", "too_large"),
        (format!("GET /{} HTTP/1.1\r\nConnection: close\r\n\r\n", "x".repeat(65_000)), "404", "not_found"),
    ] {
        let answer = write_then_read(app.address, bytes.clone().into_bytes()).await;
        let answer = answer.unwrap_or_else(|error| panic!("{error}: {}", &bytes[..bytes.len().min(60)]));
        if status == "404" {
            assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
        } else {
            refuses(&answer, status, code);
        }
    }
    // Behind a good request too.
    let both = format!("{get}\r\n\r\nrubbish\r\n\r\n");
    let answers = write_then_read(app.address, both.into_bytes()).await.unwrap();
    assert!(answers.starts_with("HTTP/1.1 200 OK\r\n"), "{answers}");
    refuses(&answers[answers.rfind("HTTP/1.1 ").unwrap()..], "400", "invalid_request");
}

#[tokio::test]
async fn more_connections_than_there_is_room_for_are_told_so() {
    let app = writes_only(api::Config { max_connections: 3, ..api::Config::default() }).await;
    let mut full = Vec::new();
    // The client of the test holds one.
    for _ in 0..2 {
        full.push(sent(app.address, HALF_A_HEAD).await);
    }
    let more = write_then_read(app.address, b"GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec()).await;
    let more = more.unwrap();
    refuses(&more, "503", "unavailable");
    assert!(more.contains("retry-after: 5"), "{more}");
    full.clear();
    let ping = "GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    until("there is room again", PATIENCE, async || {
        rest(&mut sent(app.address, ping).await).await.starts_with("HTTP/1.1 200 ")
    })
    .await;
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answer_gives_its_place_back() {
    let api = api::Config { api_write_timeout_ms: 200, max_streams: 1, ..api::Config::default() };
    let app = App::with(Setup { api, ..Setup::default() }).await;
    // More than a connection holds on its way.
    for _ in 0..3 {
        app.create_all(&vec![event(json!({"input": "x".repeat(50_000)})); 100]).await;
    }
    let question = "GET /events/conversation/c-1 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut stuck = sent(app.address, question).await;
    assert!(stuck.read(&mut [0; 1]).await.unwrap() > 0);
    until("there is room again", PATIENCE, async || app.get("/events/conversation/c-2").await.status == 200)
        .await;
    drop(stuck);
}
