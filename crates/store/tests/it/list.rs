//! The events behind a number, page by page.

use model::{Content, EventId, EventKey, JsonText, Latency};
use store::queries::{Extent, ListOrder, ListPage, Mark};
use store::{Filters, Range, Scope};

use crate::database::{Database, created, deleted, id_at, scope, tenant, time, updated};

const CUT: Extent = Extent::Cut(5);

/// Times of events: many in one millisecond, then minutes, hours, days and months apart, and some outside of it.
const TIMES: [&str; 9] = [
    "2026-11-20T12:00:00Z",
    "2026-11-20T12:00:00Z",
    "2026-11-20T11:59:59.999Z",
    "2026-11-20T11:58:00Z",
    "2026-11-20T09:00:00Z",
    "2026-11-18T12:00:00Z",
    "2026-09-01T12:00:00Z",
    "2026-08-31T23:59:59.999Z",
    "2026-11-20T12:00:00.002Z",
];

fn key(id: EventId) -> EventKey {
    EventKey { tenant: tenant("acme"), id }
}

fn range() -> Range {
    let (from, to) = (time("2026-09-01T00:00:00Z"), time("2026-12-01T00:00:00Z"));
    Range::new(from, to, time("2026-11-20T12:00:00.001Z")).unwrap()
}

fn content(latency: f64, error: &str) -> Content<'static> {
    let latency = Latency::from_millis(latency).unwrap();
    Content { latency, error: error.to_owned().into(), ..Content::default() }
}

impl Database {
    async fn page(&self, filters: &Filters, order: ListOrder, after: Option<Mark>, limit: usize) -> ListPage {
        let acme = tenant("acme");
        let scope = Scope { filters, ..scope(&self.store, &acme, range()) };
        let page = self.store.list(&scope, order, after, limit, CUT).await;
        page.unwrap_or_else(|error| panic!("{}", error.detail()))
    }

    /// The ids of all pages, with what is done between two of them.
    async fn pages(
        &self,
        filters: &Filters,
        order: ListOrder,
        limit: usize,
        mut between: impl AsyncFnMut(Mark),
    ) -> Vec<EventId> {
        let (mut ids, mut after) = (Vec::new(), None);
        loop {
            let page = self.page(filters, order, after, limit).await;
            assert!(page.events.len() == limit || page.next.is_none(), "{} of {limit}", page.events.len());
            ids.extend(page.events.iter().map(|event| event.id));
            let Some(next) = page.next else { return ids };
            between(next).await;
            after = Some(next);
        }
    }
}

/// In the order of all bits of the ids.
fn newest(mut events: Vec<(EventId, f64)>) -> Vec<EventId> {
    events.sort_by_key(|(id, _)| std::cmp::Reverse((id.created_at(), id.uuid().as_u128())));
    events.into_iter().map(|(id, _)| id).collect()
}

fn slowest(mut events: Vec<(EventId, f64)>) -> Vec<EventId> {
    events.retain(|(_, latency)| *latency > 0.0);
    events.sort_by(|(a, a_ms), (b, b_ms)| {
        b_ms.total_cmp(a_ms).then(b.uuid().as_u128().cmp(&a.uuid().as_u128()))
    });
    events.into_iter().map(|(id, _)| id).collect()
}

#[tokio::test]
async fn pages_are_all_events_in_order_also_of_one_millisecond_and_months_apart() {
    let database = Database::new().await;
    let (mut rows, mut wanted) = (Vec::new(), Vec::new());
    for n in 0..90_u32 {
        let at = TIMES[n as usize % TIMES.len()];
        // Few latencies, of which one has no short form in binary digits; the first of each time was not measured.
        let (key, latency) = (key(id_at(at)), f64::from(n / 9 % 3) * 0.1);
        let error = if n % 2 == 0 { "timeout" } else { "" };
        rows.push(created(&key, i64::from(n), content(latency, error)));
        match n % 10 {
            3 => rows.push(deleted(&key, 1_000)),
            // It is no error any more, or has become one.
            4 | 5 => {
                rows.push(updated(&key, 1_000, content(7.0, if n % 10 == 4 { "" } else { "late" })));
                wanted.push((key.id, 7.0, n % 10 == 5));
            }
            _ => wanted.push((key.id, latency, n % 2 == 0)),
        }
    }
    database.insert_apart(&rows).await;
    wanted.retain(|(id, _, _)| {
        (time("2026-09-01T00:00:00Z")..=time("2026-11-20T12:00:00.001Z")).contains(&id.created_at())
    });
    let errors: Filters = serde_json::from_str(r#"[{"field":"error","op":"set"}]"#).unwrap();
    let all: Vec<_> = wanted.iter().map(|(id, latency, _)| (*id, *latency)).collect();
    let failed: Vec<_> = wanted.iter().filter(|it| it.2).map(|(id, latency, _)| (*id, *latency)).collect();
    for limit in [1, 7, 30, 100] {
        for (filters, events) in [(&Filters::NONE, &all), (&errors, &failed)] {
            let found = database.pages(filters, ListOrder::Newest, limit, async |_| {}).await;
            assert_eq!(found, newest(events.clone()), "the newest by {limit}");
            let found = database.pages(filters, ListOrder::Slowest, limit, async |_| {}).await;
            assert_eq!(found, slowest(events.clone()), "the slowest by {limit}");
        }
    }
    // As many as the number that they stand behind.
    let acme = tenant("acme");
    let scope = Scope { filters: &errors, ..scope(&database.store, &acme, range()) };
    let count: Vec<u64> =
        database.store.ask(&scope, "SELECT count() FROM {events}").fetch_all().await.unwrap();
    assert_eq!(count, [failed.len() as u64]);
}

#[tokio::test]
async fn pages_give_each_once_while_events_are_inserted() {
    let database = Database::new().await;
    let ids: Vec<_> = (0..60).map(|n| id_at(TIMES[n % 6])).collect();
    let rows: Vec<_> = ids.iter().map(|id| created(&key(*id), 1, content(1.0, ""))).collect();
    database.store.insert(&rows).await.unwrap();
    for order in [ListOrder::Newest, ListOrder::Slowest] {
        let found = database
            .pages(&Filters::NONE, order, 7, async |mark| {
                // In the millisecond where the page ended, before and behind it; and once more the last one.
                let at = mark.id.created_at().to_string();
                let rows: Vec<_> = [id_at(&at), id_at("2026-11-20T12:00:00Z"), id_at("2026-09-02T00:00:00Z")]
                    .iter()
                    .chain([&mark.id])
                    .map(|id| created(&key(*id), 2, content(1.0, "")))
                    .collect();
                database.store.insert(&rows).await.unwrap();
            })
            .await;
        let mut once = found.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), found.len(), "{order:?}: one came twice");
        assert!(ids.iter().all(|id| found.contains(id)), "{order:?}: one was missed");
    }
}

#[tokio::test]
async fn texts_are_cut_by_characters_or_whole_and_a_page_is_full_when_they_are_large() {
    let database = Database::new().await;
    let large = Content {
        input: "ü".repeat(1_000_000).into(),
        output: "short".into(),
        properties: JsonText::from_stored(r#"{"a":1.0}"#.to_owned()).unwrap(),
        ..Content::default()
    };
    let ids: Vec<_> = (0..5).map(|_| id_at("2026-11-20T11:00:00Z")).collect();
    let rows: Vec<_> = ids.iter().map(|id| created(&key(*id), 1, large.clone())).collect();
    database.store.insert(&rows).await.unwrap();
    let page = database.page(&Filters::NONE, ListOrder::Newest, None, 10).await;
    assert_eq!((page.events.len(), page.next), (5, None));
    let cut = &page.events[0].content;
    // One character more than was asked for, so that it is known to be cut.
    assert_eq!((&*cut.input, &*cut.output, cut.properties.as_str()), ("üüüüüü", "short", ""));

    let acme = tenant("acme");
    let scope = scope(&database.store, &acme, range());
    let (mut whole, mut after) = (Vec::new(), None);
    loop {
        let page = database.store.list(&scope, ListOrder::Newest, after, 10, Extent::Whole).await.unwrap();
        assert!((1..=3).contains(&page.events.len()), "{}", page.events.len());
        whole.extend(page.events);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(whole.len(), 5);
    assert!(whole.iter().all(|event| event.content == large));
}
