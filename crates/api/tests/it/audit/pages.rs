//! A trail by pages.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{at, event_ids, page};
use crate::harness::App;
use crate::harness::events::ago;

/// All pages, with what is done between them.
async fn all_pages(app: &App, limit: usize, mut between: impl AsyncFnMut(usize)) -> Vec<Value> {
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let found = page(app, &format!("subjects/plate-1?limit={limit}{cursor}")).await;
        let next = found.get("next_cursor").map(|next| format!("&cursor={}", next.as_str().unwrap()));
        pages.push(found);
        let Some(next) = next else { return pages };
        cursor = next;
        between(pages.len()).await;
    }
}

fn put_together(pages: &[Value]) -> Vec<Value> {
    pages.iter().flat_map(|page| page["data"].as_array().unwrap().clone()).collect()
}

#[tokio::test]
async fn pages_put_together_are_all_in_one_order_also_within_a_millisecond() {
    let app = App::start().await;
    let messages: Vec<_> =
        (0..40).map(|number| at(number / 20, json!({"EventId": format!("n-{number}")}))).collect();
    app.keep(&messages).await;
    let whole = put_together(&all_pages(&app, 1_000, async |_| {}).await);
    let keys: Vec<_> =
        whole.iter().map(|record| (record["at"].to_string(), record["id"].to_string())).collect();
    assert!(keys.len() == 40 && keys.is_sorted(), "{keys:?}");
    for (limit, count) in [(1, 40), (7, 6), (20, 2), (39, 2), (40, 1), (41, 1)] {
        let pages = all_pages(&app, limit, async |_| {}).await;
        assert_eq!((pages.len(), put_together(&pages)), (count, whole.clone()), "pages of {limit}");
    }
    assert_eq!(page(&app, "subjects/plate-1").await["data"], Value::from(whole));
}

#[tokio::test]
async fn pages_give_each_once_while_writes_go_on() {
    let app = App::start().await;
    let messages: Vec<_> = (0..300).map(|second| at(second, json!({}))).collect();
    app.keep(&messages).await;
    let pages = all_pages(&app, 25, async |number| {
        let named = |name: &str| format!("{name}-{number}");
        app.keep(&[
            // Before what was read, in the future of the first page, and about something else.
            at(0, json!({"EventId": named("early")})),
            at(1, json!({"EventId": named("new"), "CreatedDateUtc": ago(0).to_string()})),
            at(299, json!({"EventId": named("other"), "Subjects": ["plate-2"]})),
            // The same once more.
            at(number * 25, json!({})),
        ])
        .await;
    })
    .await;
    let records = put_together(&pages);
    let ids = event_ids(&records);
    assert_eq!((pages.len(), ids.len()), (12, 300));
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 300);
    assert!(ids.iter().enumerate().all(|(second, id)| *id == format!("e-{second}")), "{ids:?}");
    let about = |page: &Value| ["from", "to", "timezone"].map(|name| page["meta"][name].clone());
    assert!(pages.iter().all(|page| about(page) == about(&pages[0])));
}

#[tokio::test]
async fn a_page_of_large_events_is_a_short_one() {
    let app = App::start().await;
    let large: Vec<_> =
        (0..10).map(|second| at(second, json!({"Data": {"x": "x".repeat(950_000)}}))).collect();
    app.keep(&large).await;
    app.keep(&[at(10, json!({}))]).await;
    let pages = all_pages(&app, 1_000, async |_| {}).await;
    let records = put_together(&pages);
    let expected: Vec<_> = (0..=10).map(|second| format!("e-{second}")).collect();
    assert_eq!(event_ids(&records), expected);
    assert_eq!(pages.len(), 4, "three large ones fill a page");
}
