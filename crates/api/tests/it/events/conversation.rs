//! `GET /events/conversation/{conversation_id}`

use insta::assert_snapshot;
use reqwest::Method;
use serde_json::{Value, json};
use testing::wait::until_some;

use crate::harness::events::{ago, event};
use crate::harness::{App, PATIENCE};

#[tokio::test]
async fn a_conversation_that_is_not_there_is_an_empty_list() {
    let app = App::start().await;
    let answer = app.get("/events/conversation/nobody").await;
    assert_snapshot!(answer.shown(), @r#"200 {"success":true,"data":[],"request_id":"test"}"#);
}

#[tokio::test]
async fn events_come_by_the_time_they_happened_not_by_that_of_their_arrival() {
    let app = App::start().await;
    for (input, millis) in [("second", 20_000), ("first", 30_000), ("third", 10_000)] {
        app.create(&event(json!({"input": input, "timestamp": ago(millis).to_string()}))).await;
    }
    assert_eq!(app.column("c-1", "input").await, ["first", "second", "third"]);
}

#[tokio::test]
async fn events_of_one_millisecond_come_in_the_order_of_their_ids() {
    let app = App::start().await;
    let at = ago(1_000).to_string();
    let events: Vec<_> = (0..200).map(|_| event(json!({"timestamp": at}))).collect();
    let mut ids = Vec::new();
    for some in events.chunks(40) {
        ids.extend(app.create_all(some).await);
    }
    ids.sort_unstable();
    assert_eq!(app.column("c-1", "id").await, ids);
}

#[tokio::test]
async fn events_of_one_millisecond_come_in_the_order_in_which_they_were_acknowledged() {
    let app = App::start().await;
    // Chat turns stamped to the second: of a moment ago, of long ago, and by a clock that is ahead.
    for (conversation, millis) in [("c-1", 1_000), ("c-2", 86_400_000), ("c-3", -5_000)] {
        let at = ago(millis).to_string();
        let mut acknowledged = Vec::new();
        for turn in 0..8 {
            let sent =
                event(json!({"conversation_id": conversation, "timestamp": at, "input": turn.to_string()}));
            acknowledged.push(app.post("/event", sent).await.id());
        }
        app.settled().await;
        assert_eq!(app.column(conversation, "id").await, acknowledged, "{conversation}");
    }
}

#[tokio::test]
async fn a_conversation_holds_its_own_events_only() {
    let app = App::start().await;
    let of = |conversation: &str| event(json!({"conversation_id": conversation, "input": conversation}));
    app.create_all(&[of("c"), of("C"), of("c "), of("c-1"), of("cc"), of("c%")]).await;
    assert_eq!(app.column("c", "input").await, ["c"]);
}

#[tokio::test]
async fn vectors_come_unless_they_are_not_wanted() {
    let app = App::start().await;
    app.create(&event(json!({"input_embeddings": [1.5, 2], "output_embeddings": [3]}))).await;
    for with in ["", "?include_embeddings=true", "?include_embeddings=1", "?include_embeddings="] {
        let turn = app.conversation(&format!("c-1{with}")).await.remove(0);
        assert_eq!(
            (&turn["input_embeddings"], &turn["output_embeddings"]),
            (&json!([1.5, 2.0]), &json!([3.0]))
        );
    }
    for without in ["false", "0"] {
        let turn = app.conversation(&format!("c-1?include_embeddings={without}")).await.remove(0);
        assert!(turn.get("input_embeddings").is_none() && turn.get("output_embeddings").is_none());
        assert_eq!(turn["input"], "");
    }
    let answer = app.get("/events/conversation/c-1?include_embeddings=maybe").await;
    answer.refuses(400, "invalid_field", "include_embeddings must be true or false");
}

#[tokio::test]
async fn ten_thousand_events_and_more_come_in_one_streamed_answer() {
    let app = App::start().await;
    let mut ids: Vec<String> = Vec::new();
    for batch in 0..3 {
        let turn = |turn| event(json!({"input": format!("turn {}", batch * 3_500 + turn)}));
        ids.extend(app.create_all(&(0..3_500).map(turn).collect::<Vec<_>>()).await);
    }
    let answer = app.get("/events/conversation/c-1").await;
    assert_eq!((answer.status.as_u16(), answer.header("transfer-encoding")), (200, "chunked"));
    assert_eq!(answer.header("x-request-id"), "test");
    let json = answer.json();
    assert_eq!((&json["success"], &json["request_id"]), (&json!(true), &json!("test")));
    let turns = json["data"].as_array().unwrap();
    assert_eq!(turns.len(), 10_000);
    let found: Vec<_> = turns.iter().map(|turn| turn["id"].as_str().unwrap()).collect();
    assert_eq!(found, ids[..10_000]);

    let cursor = json["next_cursor"].as_str().unwrap();
    let rest = app.get(&format!("/events/conversation/c-1?cursor={cursor}")).await.json();
    assert_eq!(rest["data"].as_array().unwrap().len(), 500);
    assert_eq!((&rest["data"][499]["input"], rest.get("next_cursor")), (&json!("turn 10499"), None));
}

/// Makes the last event of the table one that can't even be told whose it is: its texts are no texts.
async fn spoil_the_last(app: &App) {
    let last = "SELECT id FROM events ORDER BY created_at DESC, UUIDToNum(id) DESC LIMIT 1";
    app.sql(&format!(
        "ALTER TABLE events UPDATE output = unhex('ff') WHERE id IN ({last}) SETTINGS mutations_sync = 1"
    ))
    .await;
}

#[tokio::test]
async fn an_answer_that_fails_before_it_begins_says_so() {
    let app = App::start().await;
    app.create_all(&vec![event(json!({})); 20]).await;
    spoil_the_last(&app).await;
    let words = "the table holds a row that Millrace did not write and can't read";
    app.get("/events/conversation/c-1").await.refuses(500, "foreign_row", words);
    // One more is read than is asked for.
    app.get("/events/conversation/c-1?limit=19").await.refuses(500, "foreign_row", words);
    assert_eq!(app.conversation("c-1?limit=18").await.len(), 18);
}

#[tokio::test]
async fn an_answer_that_breaks_off_cannot_be_taken_for_a_whole_one() {
    let app = App::start().await;
    app.create_all(&vec![event(json!({"input": "x".repeat(10_000)})); 20]).await;
    spoil_the_last(&app).await;
    for encoding in ["", "gzip"] {
        let ask = async || {
            let asked = app.request(Method::GET, "/events/conversation/c-1");
            asked.header("accept-encoding", encoding).send().await.ok()
        };
        // The connection may be gone before its beginning was read.
        let answer = until_some("an answer begins", PATIENCE, ask).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers().contains_key("content-encoding"), !encoding.is_empty());
        assert!(answer.bytes().await.is_err(), "{encoding}");
    }
}

#[tokio::test]
async fn an_update_does_not_bring_an_event_twice() {
    let app = App::start().await;
    let ids = app.create_all(&vec![event(json!({})); 3]).await;
    for id in &ids {
        assert_eq!(app.put(&format!("/event/{id}?wait=true"), json!({"input": "x"})).await.status, 200);
    }
    let turns: Vec<Value> = app.conversation("c-1").await;
    assert_eq!(turns.iter().map(|turn| turn["id"].as_str().unwrap()).collect::<Vec<_>>(), ids);
    assert!(turns.iter().all(|turn| turn["input"] == "x"));
}
