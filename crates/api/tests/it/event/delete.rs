//! `DELETE /event/{id}`

use serde_json::{Value, json};

use crate::harness::App;
use crate::harness::events::{event, new_id};

#[tokio::test]
async fn a_deleted_event_is_gone_from_every_read_and_every_count() {
    let app = App::start().await;
    let sent = event(json!({"error": "timeout", "latency": 5}));
    let ids = app.create_all(&[sent.clone(), sent.clone(), sent]).await;
    assert_eq!(
        app.put(&format!("/event/{}?wait=true", ids[1]), json!({"input": "changed"})).await.status,
        200
    );

    assert_eq!(app.delete(&format!("/event/{}?wait=true", ids[1])).await.status, 200);

    app.get(&format!("/event/{}", ids[1])).await.refuses(404, "not_found", "event not found");
    assert_eq!(app.column("c-1", "id").await, [&ids[0][..], &ids[2]]);
    let errors = app.get("/analytics/errors?event_name=event_a").await.data();
    assert_eq!((&errors[0]["total_count"], &errors[0]["error_count"]), (&json!(2), &json!(2)));
    assert_eq!(app.get("/analytics/latency").await.data()[0]["event_count"], 2);
    assert_eq!(app.get("/analytics/sessions/top-errors").await.data()[0]["total_events"], 2);
    assert_eq!(app.sql("SELECT count() FROM events FINAL").await, "2");
}

#[tokio::test]
async fn the_last_events_delete_leaves_empty_lists() {
    let app = App::start().await;
    let id = app.create(&event(json!({"error": "timeout", "latency": 5}))).await;
    assert_eq!(app.delete(&format!("/event/{id}?wait=true")).await.status, 200);
    for path in [
        "/events/conversation/c-1",
        "/analytics/errors?event_name=event_a",
        "/analytics/latency",
        "/analytics/sessions/top-errors",
    ] {
        let answer = app.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.data()), (200, json!([])), "{path}");
    }
}

#[tokio::test]
async fn a_deleted_id_stays_deleted() {
    let app = App::start().await;
    let id = new_id();
    let sent = event(json!({"id": id}));
    app.create(&sent).await;
    let path = format!("/event/{id}");
    assert_eq!(app.delete(&format!("{path}?wait=true")).await.status, 200);

    assert_eq!(app.post("/event", &sent).await.status, 202);
    assert_eq!(app.put(&path, json!({"input": "x"})).await.status, 202);
    assert_eq!(app.delete(&path).await.status, 202);
    app.settled().await;
    app.get(&path).await.refuses(404, "not_found", "event not found");
    assert_eq!(app.conversation("c-1").await, [] as [Value; 0]);
    assert_eq!(app.get("/pipeline").await.data()["dead_letters"], 0);
}

#[tokio::test]
async fn a_delete_before_the_create_wins() {
    let app = App::start().await;
    let id = new_id();
    assert_eq!(app.delete(&format!("/event/{id}")).await.status, 202);
    assert_eq!(app.post("/event", event(json!({"id": id}))).await.status, 202);
    app.settled().await;
    app.get(&format!("/event/{id}")).await.refuses(404, "not_found", "event not found");
    assert_eq!(app.sql("SELECT count() FROM events FINAL").await, "0");
}
