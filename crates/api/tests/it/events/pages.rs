//! Conversations by pages.

use serde_json::json;

use crate::harness::events::{ago, event, new_id};
use crate::harness::{App, Caller};

/// All pages of a conversation, and how many they were.
async fn all_pages(app: &Caller, conversation: &str, limit: usize) -> (Vec<String>, usize) {
    let (mut ids, mut pages, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let answer = app.get(&format!("/events/conversation/{conversation}?limit={limit}{cursor}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let json = answer.json();
        let page = json["data"].as_array().unwrap();
        assert!(page.len() <= limit);
        ids.extend(page.iter().map(|turn| turn["id"].as_str().unwrap().to_owned()));
        pages += 1;
        let Some(next) = json.get("next_cursor") else { return (ids, pages) };
        cursor = format!("&cursor={}", next.as_str().unwrap());
    }
}

#[tokio::test]
async fn pages_hold_each_event_once_in_order_also_within_a_millisecond() {
    let app = App::start().await;
    let at = |turn: usize| ago(0).millis() - 1_000 + i64::try_from(turn / 30).unwrap();
    let time = |turn| model::Timestamp::from_millis(at(turn)).unwrap().to_string();
    let events: Vec<_> = (0..100).map(|turn| event(json!({"timestamp": time(turn)}))).collect();
    let mut ids = app.create_all(&events).await;
    ids.sort_unstable();
    for (limit, pages) in [(1, 100), (7, 15), (25, 4), (99, 2), (100, 1), (101, 1)] {
        assert_eq!(all_pages(&app, "c-1", limit).await, (ids.clone(), pages), "{limit}");
    }
}

#[tokio::test]
async fn a_cursor_holds_when_events_come_and_go() {
    let app = App::start().await;
    let ids = app.create_all(&vec![event(json!({"timestamp": ago(1_000).to_string()})); 6]).await;
    let first = app.get("/events/conversation/c-1?limit=3").await.json();
    assert_eq!(first["next_cursor"], ids[2][..]);

    assert_eq!(app.delete(&format!("/event/{}?wait=true", ids[2])).await.status, 200);
    assert_eq!(app.delete(&format!("/event/{}?wait=true", ids[4])).await.status, 200);
    app.create(&event(json!({"timestamp": ago(2_000).to_string()}))).await;
    let late = app.create(&event(json!({}))).await;

    let rest = app.column(&format!("c-1?cursor={}", ids[2]), "id").await;
    assert_eq!(rest, [&ids[3][..], &ids[5], &late]);
}

#[tokio::test]
async fn a_cursor_behind_the_end_gives_an_empty_page() {
    let app = App::start().await;
    app.create(&event(json!({"timestamp": ago(1_000).to_string()}))).await;
    let answer = app.get(&format!("/events/conversation/c-1?cursor={}", new_id())).await.json();
    assert_eq!((&answer["data"], answer.get("next_cursor")), (&json!([]), None));
}

#[tokio::test]
async fn limits_and_cursors_that_are_none_are_refused() {
    let app = App::start_writes_only().await;
    for (limit, words) in [
        ("0", "limit must be a positive integer"),
        ("-1", "limit must be a positive integer"),
        ("ten", "limit must be a positive integer"),
        ("", "limit must be a positive integer"),
        ("1.5", "limit must be a positive integer"),
        ("%2B1", "limit must be a positive integer"),
        ("10001", "limit must be a positive integer of at most 10000"),
        ("18446744073709551615", "limit must be a positive integer of at most 10000"),
        ("99999999999999999999999", "limit must be a positive integer of at most 10000"),
    ] {
        let answer = app.get(&format!("/events/conversation/c-1?limit={limit}")).await;
        answer.refuses(400, "invalid_field", words);
    }
    for cursor in
        ["x", "1", "019aa2b1-c3d4-4e5f-8a9b-0c1d2e3f4a5b", "%ff", "019aa2b1c3d47e5f8a9b0c1d2e3f4a5b"]
    {
        let answer = app.get(&format!("/events/conversation/c-1?cursor={cursor}")).await;
        answer.refuses(400, "invalid_field", "cursor must be the next_cursor of an earlier answer");
    }
}
