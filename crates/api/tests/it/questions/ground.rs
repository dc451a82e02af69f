//! What all questions have in common: how they are asked, how many at once, and what is said to those who can't
//! be meant.

use serde_json::{Value, json};

use testing::wait::until;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::{App, PATIENCE, Part, Setup};

fn link(path: &str, question: &Value) -> String {
    let query = encoded(&question.to_string());
    format!("{path}?q={query}")
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn a_question_may_be_a_body_or_a_link() {
    let app = App::start().await;
    let question =
        json!({"metrics": ["events"], "from": "2026-11-20", "to": "2026-11-21", "timezone": "Asia/Kolkata"});
    let (posted, linked) = (app.post("/query", &question).await, app.get(&link("/query", &question)).await);
    assert_eq!(posted.status, 200, "{}", posted.text);
    assert_eq!(posted.data(), linked.data());
    let meta = &posted.json()["meta"];
    let asked = [&meta["from"], &meta["to"], &meta["timezone"], &meta["interval"]];
    assert_eq!(asked, ["2026-11-19T18:30:00.000Z", "2026-11-20T18:30:00.000Z", "Asia/Kolkata", "hour"]);
    app.get("/query").await.refuses(400, "missing_field", "q is required: the question as JSON");
}

#[tokio::test]
async fn what_can_not_be_meant_is_named() {
    let app = App::start().await;
    for (question, error) in [
        (
            json!({"metrics": ["events"], "day": 3}),
            "day: unknown field `day`, expected one of `metrics`, `filters`, `breakdown`, `interval`, `week_start`, \
                `compare`, `from`, `to`, `days`, `timezone`, `exact`",
        ),
        (
            json!({"metrics": ["events"], "breakdown": "user"}),
            "breakdown: invalid type: string \"user\", expected an object such as {\"field\": \"event_name\", \"limit\": 10}",
        ),
        (json!({"metrics": ["events"], "days": 0}), "days must be a positive integer of at most 3650"),
        (json!({"metrics": ["events"], "days": 3, "from": "2026-11-20"}), "days can't be given together"),
        (json!({"metrics": ["events"], "from": 5}), "from must be a text"),
        (json!({"metrics": ["events"], "timezone": "Mars"}), "timezone must be an IANA name"),
        (json!({"metrics": ["events"], "interval": "year"}), "unknown interval \"year\""),
        (json!({"metrics": ["events"], "interval": "minute", "days": 30}), "more than 10000 buckets"),
        (json!({"metrics": ["events"], "week_start": "friday"}), "unknown variant `friday`"),
        (json!({"metrics": []}), "metrics must name 1 to 20 metrics"),
        (json!({}), "missing field `metrics`"),
        (json!({"metrics": ["visits"]}), "unknown metric \"visits\""),
        (
            json!({"metrics": ["events"], "filters": [{"field": "x", "op": "is", "values": ["y"]}]}),
            "unknown field \"x\"",
        ),
        (
            json!({"metrics": ["events"], "breakdown": {"field": "user", "limit": 101}}),
            "limit must be 1 to 100",
        ),
        (
            json!({"metrics": ["events"], "breakdown": {"field": "user"}, "compare": "same_weekday"}),
            "compare can't be given together with breakdown",
        ),
        (json!([1]), "the question must be a JSON object"),
    ] {
        let answer = app.post("/query", &question).await;
        let json = answer.json();
        assert_eq!(
            (answer.status.as_u16(), &json["code"]),
            (400, &json!("invalid_field")),
            "{}",
            answer.text
        );
        assert!(json["error"].as_str().unwrap().contains(error), "{question}: {}", answer.text);
    }
    let broken = app.post("/query", "{\"metrics\":").await.json();
    assert_eq!(broken["code"], "invalid_json");
    let large = app.post("/query", format!("{{\"x\":\"{}\"}}", "x".repeat(64 << 10))).await;
    assert_eq!(large.status, 413);
}

/// Names, paths and values that could be SQL, JSON or patterns.
const HOSTILE: [&str; 20] = [
    "'",
    "\"",
    "`",
    "\\",
    "\\'",
    "') OR 1=1 --",
    "'; DROP TABLE events; --",
    "{tenant:String}",
    "{",
    "}",
    "%",
    "_",
    "?",
    "$1",
    "/* */",
    "--",
    "\0",
    "\u{202e}",
    "a b",
    "🦀",
];

#[tokio::test]
async fn hostile_names_paths_and_values_are_refused_or_only_texts() {
    let app = App::start().await;
    let mut tried = 0;
    for hostile in HOSTILE {
        let path = format!("properties.{hostile}");
        let filter = |field: &str, value: &str| json!([{"field": field, "op": "is", "values": [value]}]);
        for question in [
            json!({"metrics": [hostile]}),
            json!({"metrics": [{"sum": path}]}),
            json!({"metrics": [{hostile: "latency"}]}),
            json!({"metrics": [{"distinct": hostile}]}),
            json!({"metrics": ["events"], "filters": filter(hostile, "x")}),
            json!({"metrics": ["events"], "filters": filter(&path, "x")}),
            json!({"metrics": ["events"], "filters": filter(&format!("context.{hostile}"), hostile)}),
            json!({"metrics": ["events"], "filters": filter("user", hostile)}),
            json!({"metrics": ["events"], "breakdown": {"field": path}}),
            json!({"metrics": ["events"], "timezone": hostile}),
        ] {
            let answer = app.post("/query", &question).await;
            let status = answer.status.as_u16();
            assert!(status == 200 || status == 400, "{question}: {}", answer.text);
            if status == 200 {
                let total = &answer.data()["series"][0]["total"];
                assert!(total.is_null() || *total == json!(0), "{question}: {}", answer.text);
            }
            tried += 1;
        }
    }
    assert_eq!(tried, 200);
}

#[tokio::test]
async fn a_tenant_asks_few_questions_at_once_and_others_are_answered_meanwhile() {
    let api = api::Config { max_questions: 1, ..api::Config::default() };
    let app = App::with(Setup { api, ..Setup::default() }).await;
    // Its body never comes, so that it keeps its place.
    let mut waiting = TcpStream::connect(app.address).await.unwrap();
    waiting.write_all(b"POST /query HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n").await.unwrap();
    until("the place is taken", PATIENCE, async || app.get("/analytics/latency").await.status == 429).await;
    let refused = app.get("/analytics/latency").await;
    let said = (refused.json()["code"].as_str().map(str::to_owned), refused.header("retry-after").to_owned());
    assert_eq!(said, (Some("too_many_questions".to_owned()), "1".to_owned()));
    assert_eq!(app.tenant("other").get("/analytics/latency").await.status, 200);
    assert_eq!(app.get("/event/0").await.status, 404);
    drop(waiting);
    until("the place is given back", PATIENCE, async || app.get("/analytics/latency").await.status == 200)
        .await;
}

/// The server gives up a question whose connection is closed: `cancel_http_readonly_queries_on_client_close`.
#[tokio::test]
async fn who_hangs_up_ends_the_question() {
    let clickhouse = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let in_place_of_clickhouse = Some(clickhouse.local_addr().unwrap());
    let without = &[Part::Consumer, Part::ClickHouse];
    let app = App::with(Setup { without, in_place_of_clickhouse, ..Setup::default() }).await;
    let mut caller = TcpStream::connect(app.address).await.unwrap();
    caller.write_all(b"GET /analytics/latency HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut bytes = vec![0; 64 << 10];
    let mut asking = loop {
        let (mut connection, _) = clickhouse.accept().await.unwrap();
        let read = connection.read(&mut bytes).await.unwrap();
        if String::from_utf8_lossy(&bytes[..read]).contains("param_tenant") {
            break connection;
        }
    };
    drop(caller);
    let closed = async { while asking.read(&mut bytes).await.is_ok_and(|bytes| bytes > 0) {} };
    tokio::time::timeout(PATIENCE, closed).await.unwrap();
}
