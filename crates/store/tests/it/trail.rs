//! What a trail finds, also when it is gone.

use model::{Content, EventId, EventKey, JsonText, Mentions, State, Stored, Tenant};
use store::Range;
use store::queries::About;

use crate::database::{Database, created, deleted, id_at, scope, tenant, time, updated};

fn key(at: &str) -> EventKey {
    EventKey { tenant: tenant("acme"), id: id_at(at) }
}

/// An event about these, of the trace `run`.
fn about(subjects: &[&str]) -> Content<'static> {
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned().into()).collect();
    Content { subjects: texts(subjects), trace_ids: texts(&["run"]), ..Content::default() }
}

fn day() -> Range {
    let end = time("2026-11-21T00:00:00Z");
    Range::new(time("2026-11-20T00:00:00Z"), end, end).unwrap()
}

impl Database {
    async fn trail(&self, tenant: &Tenant, about: About<'_>, limit: u64) -> Vec<(EventKey, Stored<'static>)> {
        let (mut all, mut after): (Vec<(EventKey, _)>, Option<EventId>) = (Vec::new(), None);
        loop {
            let page =
                self.store.trail(&scope(&self.store, tenant, day()), about, after, limit).await.unwrap();
            assert!(page.events.len() <= usize::try_from(limit).unwrap());
            assert!(!page.more || !page.events.is_empty());
            after = page.events.last().map(|(key, _)| key.id);
            all.extend(page.events);
            if !page.more {
                return all;
            }
        }
    }
}

#[tokio::test]
async fn all_that_named_a_subject_is_found_in_order_also_when_it_is_gone() {
    let database = Database::new().await;
    let [plain, changed, moved, gone, gone_at_once, before, behind] = [
        "2026-11-20T10:00:00Z",
        "2026-11-20T11:00:00Z",
        "2026-11-20T12:00:00Z",
        "2026-11-20T13:00:00Z",
        "2026-11-20T14:00:00Z",
        "2026-11-19T23:59:59.999Z",
        "2026-11-21T00:00:00Z",
    ]
    .map(key);
    let others = EventKey { tenant: tenant("globex"), id: plain.id };
    let mut tombstone = deleted(&gone_at_once, 8);
    if let State::Deleted { hidden, .. } = &mut tombstone.1.state {
        *hidden = Mentions::of(about(&["plate-1", "plate-2"]));
    }
    let rows = [
        created(&gone, 5, about(&["plate-1"])),
        created(&changed, 2, about(&["plate-1"])),
        updated(&changed, 6, about(&["plate-2", "plate-1"])),
        created(&moved, 3, about(&["plate-1"])),
        updated(&moved, 4, about(&["plate-2"])),
        created(&plain, 1, about(&["plate-1", "plate-1"])),
        deleted(&gone, 7),
        tombstone,
        created(&before, 9, about(&["plate-1"])),
        created(&behind, 10, about(&["plate-1"])),
        created(&others, 11, about(&["plate-1"])),
    ];
    database.insert_apart(&rows).await;
    let [row_of_plain, row_of_changed, row_of_gone] = [5, 2, 6].map(|n| rows[n].clone());
    let as_read = deleted(&gone_at_once, 8);
    let expected = [row_of_plain, row_of_changed, row_of_gone, as_read];
    for limit in [1, 2, 3, 4, 100] {
        let found = database.trail(&tenant("acme"), About::Subject("plate-1"), limit).await;
        assert_eq!(found, expected, "{limit}");
    }
    let of_trace = database.trail(&tenant("acme"), About::Trace("run"), 100).await;
    let ids: Vec<_> = of_trace.iter().map(|(key, _)| key.id).collect();
    assert_eq!(ids, [plain.id, changed.id, moved.id, gone.id, gone_at_once.id]);
    for (who, about) in [
        ("globex", About::Trace("plate-1")),
        ("acme", About::Subject("plate")),
        ("nobody", About::Trace("run")),
    ] {
        assert_eq!(database.trail(&tenant(who), about, 100).await, []);
    }

    // What is merged away is in the index alone.
    database.sql("SYSTEM START MERGES {db}.events").await;
    database.sql("OPTIMIZE TABLE {db}.events FINAL").await;
    assert_eq!(
        database.sql("SELECT count() FROM {db}.events WHERE is_deleted AND notEmpty(subjects)").await,
        "1"
    );
    assert_eq!(database.trail(&tenant("acme"), About::Subject("plate-1"), 100).await, expected);
}

#[tokio::test]
async fn a_trail_goes_on_behind_events_that_only_the_index_knows() {
    let database = Database::new().await;
    let keys: Vec<_> = (0..40).map(|n| key(&format!("2026-11-20T10:00:{n:02}Z"))).collect();
    let rows: Vec<_> = (0..).zip(&keys).map(|(n, key)| created(key, n, about(&["plate-1"]))).collect();
    database.store.insert(&rows).await.unwrap();
    database.forget(&keys[..10]).await;
    database.forget(&keys[12..38]).await;
    let left: Vec<_> = rows[10..12].iter().chain(&rows[38..]).cloned().collect();
    for limit in [1, 2, 3, 9, 10, 100] {
        let found = database.trail(&tenant("acme"), About::Subject("plate-1"), limit).await;
        assert_eq!(found, left, "{limit}");
    }
    database.forget(&keys).await;
    assert_eq!(database.trail(&tenant("acme"), About::Subject("plate-1"), 1).await, []);
}

#[tokio::test]
async fn a_page_of_large_events_is_a_short_one() {
    let database = Database::new().await;
    let context = format!(r#"{{"data":"{}"}}"#, "x".repeat(1 << 20));
    let context = JsonText::parse(&context).unwrap().into_owned();
    let large = || Content { context: context.clone(), ..about(&["plate-1"]) };
    let rows: Vec<_> =
        (0..30).map(|n| created(&key(&format!("2026-11-20T10:00:{n:02}Z")), n, large())).collect();
    database.store.insert(&rows).await.unwrap();
    let acme = tenant("acme");
    let scope = scope(&database.store, &acme, day());
    let page = database.store.trail(&scope, About::Subject("plate-1"), None, 100).await.unwrap();
    assert!(page.more && (2..=3).contains(&page.events.len()), "{}", page.events.len());
    assert_eq!(database.trail(&acme, About::Subject("plate-1"), 100).await, rows);
}
