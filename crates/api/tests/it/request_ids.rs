//! The way of a request's id into the log.

use serde_json::json;

use crate::harness::App;
use crate::harness::events::{event, new_id};

#[tokio::test]
async fn the_id_that_a_client_names_goes_with_each_record_that_its_request_makes() {
    let app = App::start().await;
    let id = app.create(&event(json!({}))).await;
    app.create_all(&[event(json!({})), event(json!({}))]).await;
    assert_eq!(app.put(&format!("/event/{id}"), json!({"input": "x"})).await.status, 202);
    assert_eq!(app.put(&format!("/event/{}", new_id()), json!({})).await.status, 202);
    assert_eq!(app.delete(&format!("/event/{id}")).await.status, 202);
    app.settled().await;
    let named = ("request-id".to_owned(), b"test".to_vec());
    let records = app.records().await;
    assert_eq!(records.len(), 6);
    assert!(records.iter().all(|record| record.headers == std::slice::from_ref(&named)), "{records:?}");
    let letters = app.letters().await;
    assert_eq!((letters.len(), &letters[0].headers[0]), (1, &named), "a letter keeps it");
}
