//! Bodies that are too large, packed, or called something else.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::stream;
use reqwest::{Body, Method};
use serde_json::json;

use crate::harness::events::{event, new_id};
use crate::harness::socket::{body_of, request, write_then_read};
use crate::harness::{Answer, App, Ask, Part, Setup};

const SINGLE: usize = 1 << 20;
const BATCH: usize = 10 << 20;

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

/// A good event that is exactly so many bytes long.
fn event_of(bytes: usize) -> String {
    let empty = event(json!({"input": ""})).to_string();
    event(json!({"input": "x".repeat(bytes - empty.len())})).to_string()
}

/// A body that comes in pieces, its length unannounced.
fn in_pieces(text: &str) -> Body {
    let pieces: Vec<_> = text.as_bytes().chunks(16 << 10).map(<[u8]>::to_vec).collect();
    body_of(stream::iter(pieces))
}

async fn packed(app: &App, path: &str, body: Vec<u8>) -> Answer {
    app.request(Method::POST, path).header("content-encoding", "gzip").body(body).ask().await
}

#[tokio::test]
async fn a_body_at_the_limit_is_taken_and_one_byte_more_is_not() {
    let app = App::start_writes_only().await;
    let update = format!("/event/{}", new_id());
    for (method, path) in [(Method::POST, "/event"), (Method::PUT, &update)] {
        for (bytes, status) in [(SINGLE, 202), (SINGLE + 1, 413)] {
            let whole = app.request(method.clone(), path).body(event_of(bytes)).ask().await;
            let in_pieces = app.request(method.clone(), path).body(in_pieces(&event_of(bytes))).ask().await;
            for answer in [whole, in_pieces] {
                assert_eq!(answer.status, status, "{method} of {bytes}: {}", answer.text);
                if status == 413 {
                    answer.refuses(413, "too_large", "the body is larger than 1048576 bytes");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_batch_may_be_ten_times_as_large() {
    let app = App::start_writes_only().await;
    let batch = |bytes: usize| {
        let rest = json!({"events": [event(json!({})), {"colour": ""}]}).to_string().len();
        json!({"events": [event(json!({})), {"colour": "x".repeat(bytes - rest)}]}).to_string()
    };
    assert_eq!(app.post("/events", batch(BATCH)).await.status, 202);
    let words = "the body is larger than 10485760 bytes";
    app.post("/events", batch(BATCH + 1)).await.refuses(413, "too_large", words);
    let in_pieces = app.request(Method::POST, "/events").body(in_pieces(&batch(BATCH + 1))).ask().await;
    in_pieces.refuses(413, "too_large", words);
}

#[tokio::test]
async fn the_limits_are_settings() {
    let api = api::Config {
        max_body_bytes: 200,
        max_batch_body_bytes: 300,
        max_batch_events: 2,
        ..api::Config::default()
    };
    let app =
        App::with(Setup { api, without: &[Part::Consumer, Part::ClickHouse], ..Setup::default() }).await;
    assert_eq!(app.post("/event", event_of(200)).await.status, 202);
    app.post("/event", event_of(201)).await.refuses(413, "too_large", "the body is larger than 200 bytes");
    app.post("/events", event_of(301)).await.refuses(413, "too_large", "the body is larger than 300 bytes");
    let three = app.post("/events", r#"{"events":[1,2,3]}"#).await;
    three.refuses(413, "too_large", "a batch holds at most 2 events, this one has 3");
}

#[tokio::test]
async fn a_client_that_reads_only_when_it_has_written_all_gets_to_read_why_it_is_refused() {
    let app = App::start_writes_only().await;
    for (head, body_bytes, status) in [
        ("POST /event HTTP/1.1", 30 << 20, "413"),
        ("POST /events HTTP/1.1", 30 << 20, "413"),
        ("POST /event HTTP/1.1\r\nContent-Encoding: br", SINGLE, "400"),
        ("POST /events?wait=soon HTTP/1.1", 9 << 20, "400"),
        ("POST /event HTTP/1.1\r\nX-Tenant: a b", 9 << 20, "400"),
        ("PUT /event/none HTTP/1.1", 9 << 20, "404"),
        ("POST /nowhere HTTP/1.1", 9 << 20, "404"),
        ("PUT /events HTTP/1.1", 9 << 20, "405"),
    ] {
        let answer = write_then_read(app.address, request(head, body_bytes)).await;
        let answer = answer.unwrap_or_else(|error| panic!("{head}: {error}"));
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{head}: {answer}");
        assert!(answer.contains(r#"{"success":false,"#), "{head}: {answer}");
    }
}

#[tokio::test]
async fn a_client_that_asks_first_is_not_made_to_send_what_is_refused() {
    let app = App::start_writes_only().await;
    let asks = |head: &str, body: &str| {
        let length = body.len();
        let head = format!("{head} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue");
        format!("{head}\r\nContent-Length: {length}\r\n\r\n").into_bytes()
    };
    for (head, length, status) in
        [("POST /event", SINGLE + 1, "413"), ("POST /events?wait=soon", SINGLE, "400")]
    {
        let answer = write_then_read(app.address, asks(head, &"x".repeat(length))).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
    let body = event(json!({})).to_string();
    let answer =
        write_then_read(app.address, [asks("POST /event", &body), body.into_bytes()].concat()).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 "), "{answer}");
}

#[tokio::test]
async fn an_event_that_grows_beyond_what_the_topic_takes_is_a_413_that_says_so() {
    let app = App::start_writes_only().await;
    // Four bytes of a body, thirteen of a message.
    let vector = vec!["1e9"; 200_000].join(",");
    let body = format!(r#"{{"conversation_id":"c","event_name":"event_a","input_embeddings":[{vector}]}}"#);
    assert!(body.len() < SINGLE);
    for answer in [app.post("/event", &body).await, app.put(&format!("/event/{}", new_id()), &body).await] {
        let json = answer.json();
        assert_eq!((answer.status.as_u16(), &json["code"]), (413, &json!("too_large")));
        let error = json["error"].as_str().unwrap();
        assert!(
            error.starts_with("a record of ") && error.ends_with(" bytes is larger than the topic takes"),
            "{error}"
        );
        assert_eq!(answer.header("retry-after"), "");
    }
}

#[tokio::test]
async fn a_packed_body_is_unpacked() {
    let app = App::start().await;
    let body = event(json!({"input": "packed"})).to_string();
    let created = packed(&app, "/event?wait=true", gzip(body.as_bytes())).await;
    assert_eq!(created.status, 201);
    assert_eq!(app.event(&created.id()).await["input"], "packed");

    let update = app
        .request(Method::PUT, &format!("/event/{}?wait=true", created.id()))
        .header("content-encoding", "GZIP");
    assert_eq!(update.body(gzip(br#"{"input":"again"}"#)).ask().await.status, 200);
    assert_eq!(app.event(&created.id()).await["input"], "again");

    let plain = app.request(Method::POST, "/event").header("content-encoding", "identity").body(body);
    assert_eq!(plain.ask().await.status, 202);
}

#[tokio::test]
async fn the_limit_holds_for_what_comes_out_of_a_packed_body() {
    let app = App::start_writes_only().await;
    assert_eq!(packed(&app, "/event", gzip(event_of(SINGLE).as_bytes())).await.status, 202);
    let words = "the body is larger than 1048576 bytes";
    packed(&app, "/event", gzip(event_of(SINGLE + 1).as_bytes())).await.refuses(413, "too_large", words);
    let bomb = gzip(&vec![b' '; 500 << 20]);
    assert!(bomb.len() < SINGLE);
    packed(&app, "/event", bomb).await.refuses(413, "too_large", words);
}

#[tokio::test]
async fn a_body_that_is_not_what_it_says_it_is_packed_as_is_refused() {
    let app = App::start_writes_only().await;
    let good = gzip(event(json!({})).to_string().as_bytes());
    let (half, mut changed) = (good[..good.len() / 2].to_vec(), good.clone());
    let middle = changed.len() - 6;
    changed[middle] ^= 0xff;
    for body in [b"{}".to_vec(), event(json!({})).to_string().into_bytes(), half, changed, Vec::new()] {
        let answer = packed(&app, "/event", body.clone()).await;
        let json = answer.json();
        assert_eq!(
            (answer.status.as_u16(), &json["code"]),
            (400, &json!("invalid_body")),
            "{body:?}: {}",
            answer.text
        );
        assert!(json["error"].as_str().unwrap().starts_with("the body could not be read: not gzip: "));
    }
    assert_eq!(app.get("/pipeline").await.data()["lag"], 0);
}

#[tokio::test]
async fn an_encoding_that_is_not_known_is_a_400() {
    let app = App::start_writes_only().await;
    for encoding in ["br", "zstd", "deflate", "gzip, gzip", "rubbish"] {
        for path in ["/event", "/events"] {
            let body = event(json!({})).to_string();
            let answer =
                app.request(Method::POST, path).header("content-encoding", encoding).body(body).ask().await;
            answer.refuses(400, "invalid_field", "Content-Encoding must be gzip or absent");
        }
    }
}

#[tokio::test]
async fn a_body_is_read_as_json_whatever_it_is_called() {
    let app = App::start_writes_only().await;
    for kind in
        ["application/x-www-form-urlencoded", "text/plain", "application/xml; charset=latin1", "rubbish", ""]
    {
        let body = event(json!({})).to_string();
        let answer =
            app.request(Method::POST, "/event").header("content-type", kind).body(body.clone()).ask().await;
        assert_eq!(answer.status, 202, "{kind}: {}", answer.text);
        let update =
            app.request(Method::PUT, &format!("/event/{}", new_id())).header("content-type", kind).body(body);
        assert_eq!(update.ask().await.status, 202, "{kind}");
    }
}
