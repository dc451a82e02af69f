//! Parameters that can't be.

use crate::harness::App;

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
