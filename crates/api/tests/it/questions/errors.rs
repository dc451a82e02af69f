//! `/errors/groups`

use serde_json::json;

use crate::harness::App;
use crate::harness::events::{DAY_MS, ago, event};

#[tokio::test]
async fn errors_that_say_the_same_are_one_group() {
    let app = App::start().await;
    let failed = |error: &str, user: &str, millis_ago: i64| {
        event(json!({"error": error, "user_id": user, "timestamp": ago(millis_ago).to_string()}))
    };
    app.create_all(&[
        failed("timeout after 5 ms", "ada", 1_000),
        failed("timeout after 7 ms", "bob", 2_000),
        failed("disk full", "ada", 3_000),
        failed("disk full", "ada", 30 * DAY_MS),
        event(json!({})),
    ])
    .await;
    let answer = app.get("/errors/groups").await.json();
    let groups = &answer["data"];
    assert_eq!(groups.as_array().unwrap().len(), 2);
    let (timeout, full) = (&groups[0], &groups[1]);
    assert_eq!(timeout["fingerprint"], "timeout after ? ms");
    assert_eq!(timeout["sample"], "timeout after 5 ms");
    assert_eq!(json!([timeout["count"], timeout["users"], timeout["new"]]), json!([2, 2, true]));
    assert_eq!(json!([full["count"], full["users"], full["new"]]), json!([1, 1, false]));
    let per_bucket = timeout["per_bucket"].as_array().unwrap();
    assert_eq!(answer["meta"]["interval"], "day");
    assert_eq!(per_bucket.len(), 8, "seven days from now on lie in eight");
    assert_eq!(per_bucket.iter().map(|count| count.as_u64().unwrap()).sum::<u64>(), 2);

    let raw = app.get("/errors/groups?raw=true&limit=1").await.data();
    assert_eq!(raw[0]["fingerprint"], "disk full");
    assert_eq!(raw.as_array().unwrap().len(), 1);
    app.get("/errors/groups?raw=yes").await.refuses(400, "invalid_field", "raw must be true or false");
    assert_eq!(app.tenant("globex").get("/errors/groups").await.data(), json!([]));
}
