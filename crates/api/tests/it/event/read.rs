//! `GET /event/{id}`

use serde_json::{Value, json};

use crate::harness::App;
use crate::harness::events::{event, new_id};

#[tokio::test]
async fn an_event_that_is_not_there_is_a_404() {
    let app = App::start().await;
    app.get(&format!("/event/{}", new_id())).await.refuses(404, "not_found", "event not found");
}

#[tokio::test]
async fn events_of_one_millisecond_are_told_apart() {
    let app = App::start().await;
    let at = crate::harness::events::ago(1_000).to_string();
    let ids =
        app.create_all(&["a", "b", "c"].map(|input| event(json!({"timestamp": at, "input": input})))).await;
    for (id, input) in ids.iter().zip(["a", "b", "c"]) {
        let read = app.event(id).await;
        assert_eq!((&read["input"], &read["created_at"]), (&json!(input), &json!(at)));
    }
}

#[tokio::test]
async fn a_row_that_the_table_cannot_give_back_is_not_the_clients_fault() {
    let app = App::start().await;
    let id = app.create(&event(json!({}))).await;
    app.sql("ALTER TABLE events UPDATE latency = -1 WHERE 1 SETTINGS mutations_sync = 1").await;
    let answer = app.get(&format!("/event/{id}")).await;
    let words = "the table holds a row that Millrace did not write and can't read";
    answer.refuses(500, "foreign_row", words);
    assert_eq!(
        app.conversation("c-1").await,
        Vec::<Value>::new(),
        "it costs no other event of its conversation"
    );
}
