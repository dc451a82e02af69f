//! Parameters that can't be.

use axum::Router;
use axum::http::StatusCode;
use serde_json::json;

use crate::harness::events::{DAY_MS, ago, event, new_id};
use crate::harness::{App, Setup};

/// Texts that are no positive integer.
const NO_NUMBERS: [&str; 9] = ["0", "-1", "x", "", "1.5", "%2B1", "1e3", "%201", "99999999999999999999999"];

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
        for days in [3_651, u32::MAX] {
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
        let answer = app.get(&format!("{path}limit=10001")).await;
        answer.refuses(400, "invalid_field", "limit must be a positive integer of at most 10000");
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
