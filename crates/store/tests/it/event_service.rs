//! What the `EventService` API asks the table.

use std::time::Duration;

use model::wire::event_service::Query;
use model::{Content, Event, EventId, EventKey, JsonText, State, Stored, Tenant};
use store::queries::Matches;
use store::{Limits, Range, Scope, StoreError};
use testing::wait::until;

use crate::database::{Database, created, deleted, id_at, scope, tenant, time, updated};

const PATIENCE: Duration = Duration::from_secs(30);

/// What finds its events by an index.
const INDEXED: [&str; 5] = [
    r#"{"Subjects":["s-7"]}"#,
    r#"{"Tags":["t-7","t-none"]}"#,
    r#"{"SourceTraceIds":["tr-7"]}"#,
    r#"{"ActivityId":"a-7"}"#,
    r#"{"ActorId":"u-7","Tags":"t-7"}"#,
];

impl Database {
    async fn asked(&self, tenant: &Tenant, query: &str, limit: u64, offset: u64) -> Vec<Event<'static>> {
        let scope = scope(&self.store, tenant, range());
        all(self.store.event_service(&scope, asking(query), limit, offset).unwrap()).await.unwrap()
    }
}

fn asking(query: &str) -> Query {
    Query::read(query.as_bytes()).unwrap()
}

async fn all(mut matches: Matches) -> Result<Vec<Event<'static>>, StoreError> {
    let mut events = Vec::new();
    while let Some(event) = matches.next().await? {
        events.push(event);
    }
    Ok(events)
}

fn range() -> Range {
    let end = time("2026-11-21T00:00:00Z");
    Range::new(time("2026-11-20T00:00:00Z"), end, end).unwrap()
}

fn about(subject: &str) -> Content<'static> {
    Content { subjects: vec![subject.to_owned().into()], ..Content::default() }
}

fn key(at: &str) -> EventKey {
    EventKey { tenant: tenant("acme"), id: id_at(at) }
}

fn event(row: &(EventKey, Stored<'static>)) -> Event<'static> {
    match &row.1.state {
        State::Live(event) => event.as_ref().clone(),
        State::Deleted { .. } => panic!("a live row"),
    }
}

#[tokio::test]
async fn the_winning_version_decides_though_an_index_knows_them_all() {
    let database = Database::new().await;
    let [moved, came, gone, before, behind] = [
        "2026-11-20T10:00:00Z",
        "2026-11-20T11:00:00Z",
        "2026-11-20T12:00:00Z",
        "2026-11-19T23:59:59.999Z",
        "2026-11-21T00:00:00Z",
    ]
    .map(key);
    let others = EventKey { tenant: tenant("globex"), id: came.id };
    let last = updated(&came, 4, about("plate-1"));
    database
        .insert_apart(&[
            created(&moved, 1, about("plate-1")),
            created(&came, 2, about("plate-2")),
            updated(&moved, 3, about("plate-2")),
            last.clone(),
            created(&gone, 5, about("plate-1")),
            deleted(&gone, 6),
            created(&before, 7, about("plate-1")),
            created(&behind, 8, about("plate-1")),
            created(&others, 9, about("plate-1")),
        ])
        .await;
    assert_eq!(
        database.asked(&tenant("acme"), r#"{"Subjects":"plate-1"}"#, 10, 0).await,
        [event(&last)],
        "the last change of one of this tenant and day"
    );
    let found = database.asked(&tenant("acme"), r#"{"SubjectsContains":"plate"}"#, 10, 0).await;
    assert_eq!(found.iter().map(|event| event.id).collect::<Vec<_>>(), [came.id, moved.id]);
}

#[tokio::test]
async fn a_page_goes_on_behind_events_that_are_gone() {
    let database = Database::new().await;
    let keys: Vec<_> = (0..60).map(|n| key(&format!("2026-11-20T10:00:{n:02}Z"))).rev().collect();
    let rows: Vec<_> = (0..).zip(&keys).map(|(n, key)| created(key, n, about("plate-1"))).collect();
    let gone: Vec<_> = (100..).zip(&keys[2..50]).map(|(n, key)| deleted(key, n)).collect();
    let moved = updated(&keys[50], 200, about("plate-2"));
    database.insert_apart(&[]).await;
    for rows in [rows, gone, vec![moved]] {
        database.store.insert(&rows).await.unwrap();
    }
    let left: Vec<_> = keys[..2].iter().chain(&keys[51..]).map(|key| key.id).collect();
    for limit in [1, 2, 3, 4, 10, 11, 12, 100] {
        for offset in [0, 1, 2, 3, 10, 11, 12] {
            let page = database.asked(&tenant("acme"), r#"{"Subjects":"plate-1"}"#, limit, offset).await;
            let expected: Vec<_> =
                left.iter().skip(offset.try_into().unwrap()).take(limit.try_into().unwrap()).collect();
            assert_eq!(page.iter().map(|event| &event.id).collect::<Vec<_>>(), expected, "{limit} {offset}");
        }
    }
}

#[tokio::test]
async fn a_page_goes_on_behind_events_that_only_the_index_knows() {
    let database = Database::new().await;
    let keys: Vec<_> = (0..40).map(|n| key(&format!("2026-11-20T10:00:{n:02}Z"))).rev().collect();
    let rows: Vec<_> = (0..).zip(&keys).map(|(n, key)| created(key, n, about("plate-1"))).collect();
    database.store.insert(&rows).await.unwrap();
    database.forget(&keys[..10]).await;
    database.forget(&keys[12..38]).await;
    let left: Vec<_> = rows[10..12].iter().chain(&rows[38..]).map(event).collect();
    for limit in [1, 2, 3, 9, 10, 100] {
        for offset in [0, 1, 2, 3, 4] {
            let page = database.asked(&tenant("acme"), r#"{"Subjects":"plate-1"}"#, limit, offset).await;
            let expected: Vec<_> =
                left.iter().skip(offset.try_into().unwrap()).take(limit.try_into().unwrap()).collect();
            assert_eq!(page.iter().collect::<Vec<_>>(), expected, "{limit} {offset}");
        }
    }
}

#[tokio::test]
async fn an_event_that_nobody_here_wrote_is_left_out() {
    let database = Database::new().await;
    let keys: Vec<_> = (0..5).map(|n| key(&format!("2026-11-20T10:00:{n:02}Z"))).rev().collect();
    let rows: Vec<_> = (0..).zip(&keys).map(|(n, key)| created(key, n, about("plate-1"))).collect();
    database.store.insert(&rows).await.unwrap();
    let by_hand = format!("ALTER TABLE {{db}}.events UPDATE kind = 'x' WHERE id = '{}'", keys[1].id);
    database.sql(&format!("{by_hand} SETTINGS mutations_sync = 1")).await;
    let left: Vec<_> = rows[..1].iter().chain(&rows[2..]).map(event).collect();
    for query in ["{}", r#"{"Subjects":"plate-1"}"#] {
        for limit in [1, 2, 5] {
            let page = database.asked(&tenant("acme"), query, limit, 0).await;
            assert_eq!(page, left[..page.len()], "{query} {limit}");
            assert_eq!(page.len(), 4.min(usize::try_from(limit).unwrap()), "{query} {limit}");
        }
    }
}

#[tokio::test]
async fn events_of_a_millisecond_come_by_the_bytes_of_their_ids() {
    let database = Database::new().await;
    // As ClickHouse compares UUIDs, by the second half first, their order is another.
    let millis = id_at("2026-11-20T10:00:00Z").to_string()[..14].to_owned();
    let id = |tail: &str| EventId::parse(&format!("{millis}{tail}")).unwrap();
    let mut ids = ["7000-9000-000000000000", "7fff-8000-000000000002", "8000-8000-000000000001"].map(id);
    let rows: Vec<_> = (0..)
        .zip(&ids)
        .map(|(n, id)| created(&EventKey { tenant: tenant("acme"), id: *id }, n, about("plate-1")))
        .collect();
    database.insert_apart(&rows).await;
    assert!(ids.is_sorted());
    ids.reverse();
    for (limit, offset) in [(3, 0), (4, 0), (1, 0), (1, 1), (2, 2), (1, 3)] {
        let page = database.asked(&tenant("acme"), "{}", limit, offset).await;
        let expected: Vec<_> =
            ids.iter().skip(offset.try_into().unwrap()).take(limit.try_into().unwrap()).collect();
        assert_eq!(page.iter().map(|event| &event.id).collect::<Vec<_>>(), expected, "{limit} at {offset}");
    }
}

#[tokio::test]
async fn lists_are_looked_up_in_indexes() {
    let database = Database::new().await;
    let hour = |n: i64| format!("2026-11-20T{:02}:{:02}:{:02}Z", n / 3_600, n / 60 % 60, n % 60);
    let rows: Vec<_> = (0..20_000)
        .map(|n| {
            let group = n / 1_000;
            let texts = |name: &str| vec![format!("{name}-{group}").into()];
            let content = Content {
                subjects: texts("s"),
                tags: texts("t"),
                trace_ids: texts("tr"),
                conversation_id: format!("a-{group}").into(),
                user_id: format!("u-{}", if group == 7 { 7 } else { n % 10 }).into(),
                ..Content::default()
            };
            created(&key(&hour(n)), n, content)
        })
        .collect();
    database.store.insert(&rows).await.unwrap();
    // Twice two granules of 2,048 rows: the keys, then the rows.
    let limits = Limits { rows_read: 4 * 2_048, ..database.store.limits() };
    let acme = tenant("acme");
    let scope = Scope { limits, ..scope(&database.store, &acme, range()) };
    let asked =
        async |query: &str| all(database.store.event_service(&scope, asking(query), 1_000, 0).unwrap()).await;
    for query in INDEXED {
        assert_eq!(asked(query).await.unwrap().len(), 1_000, "{query}");
    }
    assert!(asked(r#"{"SubjectsContains":"s-7"}"#).await.unwrap_err().is_too_large());
}

#[tokio::test]
async fn a_page_may_be_read_more_slowly_than_the_server_may_answer() {
    let database = Database::new().await;
    // More than a connection holds on its way.
    let text = format!(r#"{{"text":"{}"}}"#, "x".repeat(5 << 20));
    let keys: Vec<_> = (0..30).map(|n| key(&format!("2026-11-20T10:00:{n:02}Z"))).collect();
    for (n, key) in (0..).zip(&keys) {
        let context = JsonText::parse(&text).unwrap().into_owned();
        database.store.insert(&[created(key, n, Content { context, ..Content::default() })]).await.unwrap();
    }
    let limits = Limits { time: Duration::from_secs(1), ..database.store.limits() };
    let acme = tenant("acme");
    let scope = Scope { limits, ..scope(&database.store, &acme, range()) };
    let mut matches = database.store.event_service(&scope, asking("{}"), 1_000, 0).unwrap();
    assert!(matches.next().await.unwrap().is_some());
    let overdue = "SELECT max(elapsed) > 2 FROM system.processes WHERE current_database = '{db}'";
    until("it takes longer", PATIENCE, async || database.sql(overdue).await == "1").await;
    assert_eq!(all(matches).await.unwrap().len(), keys.len() - 1);
}

#[tokio::test]
async fn a_page_that_does_not_begin_in_time_is_asked_too_much() {
    let database = Database::new().await;
    let limits = Limits { time: Duration::ZERO, ..database.store.limits() };
    let acme = tenant("acme");
    let scope = Scope { limits, ..scope(&database.store, &acme, range()) };
    let error = all(database.store.event_service(&scope, asking("{}"), 1, 0).unwrap()).await.unwrap_err();
    assert!(error.is_too_large() && matches!(error, StoreError::TooSlow(_)), "{error:?}");
}
