//! Write keys: wherever clients send them.

use reqwest::Method;
use serde_json::{Value, json};

use super::{is_refusal, track};
use crate::harness::{Answer, App, Ask};
use crate::keys::{ENTRIES, with_keys};

async fn send(app: &App, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    let request = app.request(Method::POST, path).body(body.to_string());
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).ask().await
}

#[tokio::test]
async fn a_write_key_is_found_wherever_a_client_sends_it() {
    let app = App::with(with_keys(ENTRIES, None)).await;
    let (none, with_key) = (track(), {
        let mut with_key = track();
        with_key["writeKey"] = json!("acme-ingest");
        with_key
    });
    // `printf acme-ingest: | base64`, and without the colon
    for (name, value) in [
        ("authorization", "Basic YWNtZS1pbmdlc3Q6"),
        ("authorization", "Basic YWNtZS1pbmdlc3Q="),
        ("authorization", "Bearer acme-ingest"),
        ("x-api-key", "acme-ingest"),
        ("x-write-key", "acme-ingest"),
    ] {
        assert_eq!(send(&app, "/v1/track", &[(name, value)], &none).await.status, 200, "{name}: {value}");
    }
    assert_eq!(send(&app, "/v1/track?writeKey=acme-ingest", &[], &none).await.status, 200);
    assert_eq!(send(&app, "/v1/track", &[], &with_key).await.status, 200);
    let mut item = track();
    item["type"] = json!("track");
    let batch = json!({"writeKey": "acme-ingest", "batch": [item]});
    assert_eq!(send(&app, "/v1/batch", &[], &batch).await.status, 200);
    item["writeKey"] = json!("acme-ingest");
    assert_eq!(send(&app, "/v1/b", &[], &json!({"batch": [item]})).await.status, 200);
    let semantic = json!({"type": "track", "event": "e", "user_id": "u", "write_key": "acme-ingest"});
    assert_eq!(send(&app, "/v1/event", &[], &semantic).await.status, 200);
}

#[tokio::test]
async fn a_masked_key_does_no_harm_beside_one_that_is_known_and_none_is_a_401() {
    let app = App::with(with_keys(ENTRIES, None)).await;
    let mut masked = track();
    masked["writeKey"] = json!("acme-ingest:***");
    assert_eq!(send(&app, "/v1/track", &[("x-write-key", "acme-ingest")], &masked).await.status, 200);
    let unknown = [("authorization", "Bearer no")];
    assert_eq!(send(&app, "/v1/track?writeKey=acme-ingest", &unknown, &masked).await.status, 200);
    for headers in [&[][..], &unknown, &[("x-write-key", "acme-ingest:secret")]] {
        let refused = send(&app, "/v1/track", headers, &masked).await;
        is_refusal(&refused, 401, "unauthorized");
    }
    is_refusal(&send(&app, "/v1/track", &[("x-api-key", "acme-read")], &track()).await, 403, "forbidden");
    is_refusal(&app.post("/v1/batch", "no JSON").await, 401, "unauthorized");
    assert_eq!(app.post("/v1/m", "").await.status, 200);
    is_refusal(&app.get("/v1/projects/no/settings").await, 401, "unauthorized");
    is_refusal(&app.get("/sourceConfig?writeKey=no").await, 401, "unauthorized");
}

#[tokio::test]
async fn the_same_message_of_two_tenants_is_two_events() {
    let app = App::with(with_keys(ENTRIES, None)).await;
    for key in ["acme-ingest", "other-all", "acme-ingest"] {
        assert_eq!(send(&app, "/v1/track", &[("x-write-key", key)], &track()).await.status, 200);
    }
    app.sees("SELECT tenant, count() FROM events FINAL GROUP BY tenant ORDER BY tenant", "acme\t1\nother\t1")
        .await;
    let ids = app.sql("SELECT uniqExact(id) FROM events").await;
    assert_eq!(ids, "2");
    let stored =
        app.sql("SELECT countIf(position(concat(properties, context), 'acme-ingest') > 0) FROM events").await;
    assert_eq!(stored, "0");
}
