//! What integrators see of the requests they make.

use reqwest::Method;
use serde_json::json;

use super::{track, writes_only};
use crate::harness::events::event;
use crate::harness::{App, Ask};
use crate::keys::{ENTRIES, with_keys};

#[tokio::test]
async fn the_last_requests_are_shown_with_what_was_refused_and_why() {
    let app = writes_only(api::Config::default()).await;
    let mut sent = track();
    sent["writeKey"] = json!("wk_secret");
    app.request(Method::POST, "/v1/t").header("x-write-key", "wk_secret").body(sent.to_string()).ask().await;
    app.batch(json!([{"type": "track", "event": "e", "messageId": "m-2"}, {"type": "page", "userId": "u"}]))
        .await;
    app.post("/v1/batch", "[").await;
    app.post("/v1/t", r#"{"userId":"u","event":"e","properties":{"a":NaN}}"#).await;
    assert!(app.get("/v1/debug/recent?limit=1").await.text.contains("NaN"), "a body is shown as it was sent");
    let recent = app.get("/v1/debug/recent").await.data();
    let shown: Vec<_> = recent
        .as_array()
        .unwrap()
        .iter()
        .map(|seen| {
            assert_eq!(seen["dialect"], "segment");
            assert!(seen["at"].is_string());
            (
                seen["route"].as_str().unwrap(),
                seen["accepted"].as_u64().unwrap(),
                seen["refused"].as_array().unwrap().len(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [("segment_track", 1, 0), ("segment_batch", 0, 1), ("segment_batch", 1, 1), ("segment_track", 1, 0)]
    );
    assert_eq!(
        recent[2]["refused"][0],
        json!({
            "index": 0, "message_id": "m-2", "code": "missing_field", "message": "userId or anonymousId is required"
        })
    );
    assert_eq!((&recent[3]["key"], &recent[2]["key"]), (&json!("cret"), &json!(null)));
    let body = recent[3]["body"].as_str().unwrap();
    assert!(body.contains(r#""writeKey":"***""#) && !body.contains("wk_secret"), "{body}");
    assert_eq!(app.get("/v1/debug/recent?limit=1").await.data().as_array().unwrap().len(), 1);
    app.get("/v1/debug/recent?limit=0").await.refuses(
        400,
        "invalid_field",
        "limit must be a positive integer",
    );
}

#[tokio::test]
async fn events_of_the_native_dialect_are_shown_too() {
    let app = writes_only(api::Config::default()).await;
    app.post("/event", event(json!({}))).await;
    app.post("/event", "{}").await;
    app.post("/events", json!({"events": [event(json!({})), {}]})).await;
    app.post("/events", "[").await;
    let recent = app.get("/v1/debug/recent").await.data();
    let shown: Vec<_> = recent
        .as_array()
        .unwrap()
        .iter()
        .map(|seen| {
            let refused = seen["refused"].as_array().unwrap().first();
            (
                seen["route"].as_str().unwrap(),
                seen["accepted"].as_u64().unwrap(),
                refused.map(|refused| refused["code"].as_str().unwrap()),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("create_events", 0, Some("invalid_json")),
            ("create_events", 1, Some("missing_field")),
            ("create_event", 0, Some("missing_field")),
            ("create_event", 1, None),
        ]
    );
}

#[tokio::test]
async fn an_admin_sees_the_requests_of_its_own_tenant() {
    let app = App::with(with_keys(ENTRIES, None)).await;
    for key in ["acme-ingest", "other-all"] {
        assert_eq!(app.key(key).post("/v1/track", track()).await.status, 200);
    }
    let recent = app.key("acme-all").get("/v1/debug/recent").await.data();
    assert_eq!((recent.as_array().unwrap().len(), &recent[0]["key"]), (1, &json!("gest")));
    assert_eq!(app.key("other-all").get("/v1/debug/recent").await.status, 403);
}
