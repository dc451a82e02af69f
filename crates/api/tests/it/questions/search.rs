//! `GET /search`: events by the words of their texts.

use serde_json::{Value, json};

use crate::harness::App;
use crate::harness::events::{ago, event, id_at};

#[tokio::test]
async fn events_are_found_by_their_words_with_the_places_where_these_are() {
    let app = App::start().await;
    let events: Vec<_> = ["Where is my REFUND?", "my refunds", "Refund my <b>order</b>"]
        .iter()
        .zip(0..)
        .map(|(input, n)| {
            event(json!({"id": id_at(ago(60_000 * (10 - n))), "input": input, "output": "my word"}))
        })
        .collect();
    let ids = app.create_all(&events).await;
    app.tenant("globex").create(&event(json!({"input": "refund"}))).await;

    let first = app.get("/search?q=refund%20my&limit=1").await.json();
    assert_eq!(first["data"].as_array().unwrap().len(), 1);
    let mut found = first["data"][0].clone();
    assert_eq!((&found["id"], &found["input"]), (&json!(ids[2]), &json!("Refund my <b>order</b>")));
    assert_eq!(
        found["snippets"].take(),
        json!({
            "input": [
                {"text": "Refund", "hit": true}, {"text": " ", "hit": false}, {"text": "my", "hit": true},
                {"text": " <b>order</b>", "hit": false}
            ],
            "output": [{"text": "my", "hit": true}, {"text": " word", "hit": false}],
        })
    );
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = app.get(&format!("/search?q=refund%20my&limit=1&cursor={cursor}")).await.json();
    assert_eq!((&second["data"][0]["id"], second.get("next_cursor")), (&json!(ids[0]), None));
    let none = app.get("/search?q=refund%20-order%20-where").await.json();
    assert_eq!(none["data"], json!([]));
}

#[tokio::test]
async fn what_can_not_be_meant_is_named() {
    let app = App::start().await;
    app.get("/search").await.refuses(400, "missing_field", "q is required: what to look for");
    let words = "q must have a word of letters or digits without a minus in front of it";
    for query in ["-a", "%3F", "%22%22", "-%22a%20b%22%20-c"] {
        app.get(&format!("/search?q={query}")).await.refuses(400, "invalid_field", words);
    }
    let long = app.get(&format!("/search?q={}", "a".repeat(1_025))).await;
    long.refuses(400, "invalid_field", "q has too many bytes: there may be 1024 at most");
    let phrase = |words: usize| format!("/search?q=%22{}%22", vec!["a"; words].join("%20"));
    assert_eq!(app.get(&phrase(32)).await.status, 200);
    let words = "a phrase of q has too many words: there may be 32 at most";
    app.get(&phrase(33)).await.refuses(400, "invalid_field", words);
    app.get("/search?q=a&cursor=x").await.refuses(
        400,
        "invalid_field",
        "cursor must be the next_cursor of an earlier answer",
    );
    // Whatever else it looks like, it is text.
    for query in ["%27)%20OR%201%3D1%20--", "%7Bx%3AString%7D%20%3F", "a%5C", "%25%5F%60%00a"] {
        let answer = app.get(&format!("/search?q={query}")).await;
        assert_eq!((answer.status.as_u16(), answer.data()), (200, Value::Array(vec![])), "{query}");
    }
}
