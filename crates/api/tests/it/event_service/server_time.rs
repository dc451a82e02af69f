//! The server's clock.

use model::Timestamp;

use super::is_refusal;
use crate::harness::App;

#[tokio::test]
async fn the_time_is_a_json_string_in_utc() {
    let app = App::start_writes_only().await;
    let before = Timestamp::now();
    let answer = app.get("/api/v2.0/ServerTime").await;
    let after = Timestamp::now();
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
    let json = answer.json();
    let text = json.as_str().unwrap();
    assert!(text.ends_with('Z'), "{text}");
    let time = Timestamp::parse(text).unwrap();
    assert!(before <= time && time <= after, "{before} {time} {after}");
    is_refusal(&app.post("/api/v2.0/ServerTime", "").await, 405, "method_not_allowed");
}
