//! Parameters that can't be.

use axum::Router;
use axum::http::StatusCode;
use serde_json::json;

use crate::harness::events::{DAY_MS, ago, event, new_id};
use crate::harness::{App, Setup};

/// Texts that are no positive integer.
const NO_NUMBERS: [&str; 8] = ["0", "-1", "x", "", "1.5", "%2B1", "1e3", "%201"];
/// More than any type of integer here takes.
const HUGE: &str = "99999999999999999999999";

#[tokio::test]
async fn the_errors_need_an_event_name() {
    let app = App::start_writes_only().await;
    for query in ["", "?", "?days=7", "?event_name=", "?event_name"] {
        let answer = app.get(&format!("/analytics/errors{query}")).await;
        answer.refuses(400, "missing_field", "event_name query parameter is required");
    }
}

#[tokio::test]
async fn days_are_a_positive_integer_of_at_most_3650() {
    // Without a table, what is accepted would be answered 503.
    let app = App::start_writes_only().await;
    for path in
        ["/analytics/errors?event_name=event_a&", "/analytics/latency?", "/analytics/sessions/top-errors?"]
    {
        for days in NO_NUMBERS {
            let answer = app.get(&format!("{path}days={days}")).await;
            answer.refuses(400, "invalid_field", "days must be a positive integer");
        }
        for days in ["3651", "4294967295", HUGE] {
            let answer = app.get(&format!("{path}days={days}")).await;
            answer.refuses(400, "invalid_field", "days must be a positive integer of at most 3650");
        }
        app.get(&format!("{path}days=3650")).await.invites_a_retry();
    }
}

#[tokio::test]
async fn limits_are_a_positive_integer_of_at_most_10000() {
    let app = App::start_writes_only().await;
    for path in ["/analytics/latency?", "/analytics/sessions/top-errors?"] {
        for limit in NO_NUMBERS {
            let answer = app.get(&format!("{path}limit={limit}")).await;
            answer.refuses(400, "invalid_field", "limit must be a positive integer");
        }
        for limit in ["10001", HUGE] {
            let answer = app.get(&format!("{path}limit={limit}")).await;
            answer.refuses(400, "invalid_field", "limit must be a positive integer of at most 10000");
        }
        app.get(&format!("{path}limit=10000")).await.invites_a_retry();
    }
}

#[tokio::test]
async fn min_events_is_a_positive_integer() {
    let app = App::start_writes_only().await;
    for number in NO_NUMBERS {
        let answer = app.get(&format!("/analytics/sessions/top-errors?min_events={number}")).await;
        answer.refuses(400, "invalid_field", "min_events must be a positive integer");
    }
}

#[tokio::test]
async fn a_period_lies_between_times_or_local_dates_and_the_answer_names_it() {
    let app = App::start().await;
    let times = [
        "2026-03-28T22:59:59.999Z",
        "2026-03-28T23:00:00Z",
        "2026-03-29T21:59:59.999Z",
        "2026-03-29T22:00:00Z",
    ];
    app.create_all(&times.map(|time| event(json!({"timestamp": time, "latency": 1, "error": "x"})))).await;
    // The clocks go forward that day.
    let berlin = "from=2026-03-29&to=2026-03-30&timezone=Europe/Berlin";
    let utc = "from=2026-03-28T23:00:00Z&to=2026-03-29T22:00:00%2B00:00";
    for (path, count) in [
        ("/analytics/errors?event_name=event_a", "total_count"),
        ("/analytics/latency?", "event_count"),
        ("/analytics/sessions/top-errors?", "total_events"),
    ] {
        for (query, zone) in [(berlin, "Europe/Berlin"), (utc, "UTC")] {
            let answer = app.get(&format!("{path}&{query}")).await.json();
            let total = answer["data"].as_array().unwrap().iter().map(|row| row[count].as_u64().unwrap());
            assert_eq!(total.sum::<u64>(), 2, "{path} {query}: {answer}");
            let to = "2026-03-29T22:00:00.000Z";
            let meta = json!({
                "from": "2026-03-28T23:00:00.000Z", "to": to, "timezone": zone, "complete_until": to,
            });
            let mut told = answer["meta"].clone();
            for read_from in ["rolled_hours", "live_hours"] {
                told.as_object_mut().unwrap().remove(read_from);
            }
            assert_eq!(told, meta, "{path} {query}");
        }
    }
    let days = app.get(&format!("/analytics/errors?event_name=event_a&{berlin}")).await.data();
    assert_eq!((days[0]["date"].as_str(), days.as_array().unwrap().len()), (Some("2026-03-29"), 1));
}

#[tokio::test]
async fn every_question_can_be_asked_about_one_event_name() {
    let app = App::start().await;
    let named = |name: &str| event(json!({"event_name": name, "latency": 1, "error": "x"}));
    app.create_all(&["event_a", "event_b", "event_b"].map(named)).await;
    for (path, count) in
        [("/analytics/latency", "event_count"), ("/analytics/sessions/top-errors", "total_events")]
    {
        for (name, counted) in [("event_a", json!(1)), ("event_b", json!(2)), ("event_c", json!(null))] {
            let found = app.get(&format!("{path}?event_name={name}")).await.data();
            assert_eq!(found[0][count], counted, "{path} {name}");
        }
    }
}

#[tokio::test]
async fn a_period_that_cant_be_meant_is_refused_in_words_that_name_it() {
    let app = App::start().await;
    for (query, words) in [
        (
            "from=yesterday",
            "from must be a date such as 2026-11-20 or an RFC 3339 time with its offset (a + is sent as %2B), between 1970 and 2299",
        ),
        (
            "to=2026-02-30",
            "to must be a date such as 2026-11-20 or an RFC 3339 time with its offset (a + is sent as %2B), between 1970 and 2299",
        ),
        ("days=1&from=2026-03-28", "days can't be given together with from or to"),
        (
            "timezone=Mars/Olympus",
            r#"timezone must be an IANA name such as Europe/Berlin: "Mars/Olympus" is unknown"#,
        ),
        (
            "from=2026-03-29&to=2026-03-29",
            "from must be before to: from is 2026-03-29T00:00:00.000Z, to is 2026-03-29T00:00:00.000Z",
        ),
    ] {
        app.get(&format!("/analytics/latency?{query}")).await.refuses(400, "invalid_field", words);
    }
}

#[tokio::test]
async fn what_has_not_happened_yet_is_in_no_answer() {
    let app = App::start().await;
    let sent = |millis| event(json!({"error": "x", "latency": 5, "timestamp": ago(millis).to_string()}));
    app.create_all(&[sent(1_000), sent(-DAY_MS / 2), sent(-DAY_MS + 60_000)]).await;
    for path in [
        "/analytics/errors?event_name=event_a",
        "/analytics/errors?event_name=event_a&days=30",
        "/analytics/latency?",
        "/analytics/latency?days=1",
        "/analytics/sessions/top-errors?",
        "/analytics/sessions/top-errors?days=1",
    ] {
        let found = app.get(path).await.data();
        let counts = ["total_count", "event_count", "total_events"].map(|field| found[0][field].as_u64());
        assert_eq!(
            (found.as_array().map(Vec::len), counts.into_iter().flatten().sum()),
            (Some(1), 1_u64),
            "{path}: {found}"
        );
    }
    assert_eq!(app.conversation("c-1").await.len(), 3);
}

#[tokio::test]
async fn a_question_that_is_too_large_says_what_to_narrow() {
    for code in [158, 159, 241, 307, 396] {
        let server = Router::new().fallback(async move || {
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                format!("Code: {code}. DB::Exception: limit for query exceeded"),
            )
        });
        let app = App::before(server).await;
        for (path, narrow) in [
            ("/analytics/errors?event_name=event_a", "ask for fewer days"),
            ("/analytics/latency", "ask for fewer days"),
            ("/analytics/sessions/top-errors?days=30", "ask for fewer days"),
            ("/events/conversation/c-1", "ask for a smaller limit"),
        ] {
            let words = format!("the question is too large to be answered: {narrow}");
            app.get(path).await.refuses(422, "query_too_large", &words);
        }
        // A write that waits, and the read of one row, are no large questions.
        assert_eq!(app.post("/event?wait=1ms", event(json!({}))).await.status, 202);
        app.get(&format!("/event/{}", new_id())).await.invites_a_retry();
    }
}

#[tokio::test]
async fn a_read_that_takes_more_memory_than_it_may_is_too_large() {
    let with = async |read_max_memory_bytes| {
        let clickhouse = store::Config { read_max_memory_bytes, ..store::Config::default() };
        let app = App::with(Setup { clickhouse, ..Setup::default() }).await;
        let one = event(json!({"input": "x".repeat(100_000)}));
        for _ in 0..4 {
            let batch = json!({"events": vec![&one; 90]});
            assert_eq!(app.post("/events", batch).await.status, 202);
        }
        app.settled().await;
        app.get("/events/conversation/c-1").await
    };
    assert_eq!(with(2 << 30).await.status, 200);
    let words = "the question is too large to be answered: ask for a smaller limit";
    with(16 << 20).await.refuses(422, "query_too_large", words);
}
