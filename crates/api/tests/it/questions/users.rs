//! `/users`

use serde_json::{Value, json};

use crate::harness::App;
use crate::harness::events::{ago, event};

fn seen(user: &str, millis_ago: i64, fields: Value) -> Value {
    let mut event = event(json!({"user_id": user, "timestamp": ago(millis_ago).to_string()}));
    event.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    event
}

fn names(users: &Value) -> Vec<&str> {
    users.as_array().unwrap().iter().map(|user| user["user"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn users_are_listed_page_by_page() {
    let app = App::start().await;
    app.create_all(&[
        seen("ada", 5_000, json!({"error": "timeout"})),
        seen("ada", 4_000, json!({"conversation_id": "c-2"})),
        seen("Bob & Co", 3_000, json!({})),
        seen("Bob & Co", 2_000, json!({})),
        seen("Bob & Co", 1_000, json!({})),
        seen("cy", 6_000, json!({})),
        seen("", 500, json!({"anonymous_id": "x"})),
    ])
    .await;
    let first = app.get("/users?limit=2").await.json();
    let cursor = first["next_cursor"].as_str().unwrap();
    // Who comes in between is on no page: all are of the same time.
    app.create(&seen("dan", 0, json!({}))).await;
    let second = app.get(&format!("/users?limit=2&cursor={cursor}")).await.json();
    assert_eq!((names(&first["data"]), names(&second["data"])), (vec!["Bob & Co", "ada"], vec!["cy"]));
    assert!(second.get("next_cursor").is_none(), "{second}");
    assert_eq!(first["meta"]["to"], second["meta"]["to"]);

    let ada = &first["data"][1];
    let counted =
        json!([ada["user_id"], ada["anonymous_id"], ada["events"], ada["errors"], ada["conversations"]]);
    assert_eq!(counted, json!(["ada", "", 2, 1, 2]));
    let most = app.get("/users?order=events").await.data();
    assert_eq!(names(&most), ["Bob & Co", "ada", "cy", "dan"]);
    let wrong = app.get("/users?filters=%5B%7B%22field%22:%22error%22,%22op%22:%22set%22%7D%5D").await.data();
    assert_eq!(names(&wrong), ["ada"]);
    assert_eq!(app.tenant("globex").get("/users").await.data(), json!([]));
    for (query, error) in [
        ("order=first", "order must be last_seen or events"),
        ("cursor=x", "cursor must be the next_cursor of an earlier answer"),
        (&format!("order=events&cursor={cursor}"), "cursor is of a list in another order"),
        ("filters=x", "filters: must be a JSON list of filters: expected value at line 1 column 1"),
        ("limit=1001", "limit must be a positive integer of at most 1000"),
    ] {
        app.get(&format!("/users?{query}")).await.refuses(400, "invalid_field", error);
    }
}

#[tokio::test]
async fn a_user_has_the_traits_of_the_last_identify_as_they_were_sent() {
    let app = App::start().await;
    for (anonymous_id, traits) in [("v-1", r#"{"plan":"free"}"#), ("v-2", r#"{"plan":"pro","credit":1.10}"#)]
    {
        let body = format!(r#"{{"userId":"a/da","anonymousId":"{anonymous_id}","traits":{traits}}}"#);
        assert_eq!(app.post("/v1/identify", body).await.status, 200);
    }
    app.create(&seen("a/da", 400 * 86_400_000, json!({}))).await;
    app.settled().await;
    let answer = app.get("/users/a%2Fda").await;
    assert!(answer.text.contains(r#""traits":{"plan":"pro","credit":1.10}"#), "{}", answer.text);
    let user = answer.data();
    assert_eq!((&user["user"], &user["events"]), (&json!("a/da"), &json!(3)));
    assert_eq!(user["anonymous_id"], "v-2");
    app.create(&seen("bob", 0, json!({}))).await;
    assert_eq!(app.get("/users/bob").await.data()["traits"], Value::Null);
    app.get("/users/nobody").await.refuses(404, "not_found", "user not found");
    app.tenant("globex").get("/users/bob").await.refuses(404, "not_found", "user not found");
}
