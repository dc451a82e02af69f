//! Pages of what is found.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{QUERY, message};
use crate::harness::App;

impl App {
    async fn page(&self, query: &Value, limit: usize, offset: usize) -> Vec<String> {
        let answer = self.post(&format!("{QUERY}?limit={limit}&offset={offset}"), query).await;
        if answer.status == 204 {
            return Vec::new();
        }
        assert_eq!(answer.status, 200, "{}", answer.text);
        let events = answer.json();
        events.as_array().unwrap().iter().map(|event| event["eventId"].as_str().unwrap().into()).collect()
    }
}

/// Messages of one topic, several in each millisecond.
fn messages(topic: &str, numbers: std::ops::Range<usize>) -> Value {
    let one = |number: usize| {
        let (second, millis) = (number / 4_000, number / 4 % 1_000);
        let at = format!("2026-11-20T10:00:{second:02}.{millis:03}");
        message(json!({"EventId": format!("{topic}-{number}"), "Topic": topic, "CreatedDateUtc": at}))
    };
    numbers.map(one).collect()
}

#[tokio::test]
async fn pages_put_together_are_all_in_one_order() {
    let app = App::start().await;
    assert_eq!(app.message(&messages("t", 0..100)).await.status, 200);
    app.settled().await;
    let all = app.page(&json!({}), 1_000, 0).await;
    assert_eq!(all.len(), 100);
    let numbers: Vec<usize> = all.iter().map(|id| id[2..].parse().unwrap()).collect();
    assert!(numbers.is_sorted_by_key(|number| usize::MAX - number / 4), "newest first: {numbers:?}");
    assert_eq!(app.post(QUERY, "{}").await.json().as_array().unwrap().len(), 100);
    for limit in [1, 3, 7, 99, 100, 101] {
        let mut pages = Vec::new();
        loop {
            let page = app.page(&json!({"Topic": ["t"]}), limit, pages.len()).await;
            if page.is_empty() {
                break;
            }
            pages.extend(page);
        }
        assert_eq!(pages, all, "pages of {limit}");
    }
    assert_eq!(app.page(&json!({}), 1, 1_000_000_000).await, [""; 0]);
}

#[tokio::test]
async fn pages_give_each_of_ten_thousand_once_while_writes_go_on() {
    let app = App::start().await;
    for begin in (0..10_000).step_by(5_000) {
        assert_eq!(app.message(&messages("t", begin..begin + 5_000)).await.status, 200);
    }
    app.settled().await;
    // What is written meanwhile is later than the end of what is asked for, or before it but older than all of that,
    // or of the same times but not of what is asked for.
    let query = json!({"Topic": "t", "End": "2026-11-20T10:01:00"});
    let mut pages = Vec::new();
    for n in 0..10 {
        pages.extend(app.page(&query, 1_000, pages.len()).await);
        let at = |name: &str, at: &str| {
            message(json!({"EventId": format!("{name}-{n}"), "Topic": "t", "CreatedDateUtc": at}))
        };
        let around = json!([at("later", "2026-11-20T10:01:00"), at("older", "2026-11-20T09:00:00")]);
        let others = messages(&format!("other-{n}"), 0..100);
        for written in [around, others] {
            assert_eq!(app.message(&written).await.status, 200);
        }
        app.settled().await;
    }
    let all: HashSet<_> = (0..10_000).map(|number| format!("t-{number}")).collect();
    assert_eq!((pages.len(), pages.into_iter().collect::<HashSet<_>>()), (10_000, all));
    let mut older = app.page(&query, 1_000, 10_000).await;
    older.sort_unstable();
    assert_eq!(older, (0..10).map(|n| format!("older-{n}")).collect::<Vec<_>>());
}
