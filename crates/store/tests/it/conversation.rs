//! The events of one conversation.

use model::wire::event_service::Query;
use model::{Content, Embedding, Event, EventId, EventKey, State, Stored, Tenant, Timestamp};
use store::queries::Page;
use store::{Filters, Limits, Range, Reading, Scope};

use crate::database::{Database, created, deleted, id_at, scope, tenant, time, updated};

const ALL: Page = Page { after: None, limit: 1_000, with_embeddings: true };

impl Database {
    async fn conversation(&self, tenant: &Tenant, name: &str, page: Page) -> Vec<Event<'static>> {
        let mut turns = self.store.conversation(tenant, name, page);
        let mut events = Vec::new();
        while let Some(event) = turns.next().await.unwrap() {
            events.push(event);
        }
        events
    }

    async fn ids(&self, name: &str, page: Page) -> Vec<EventId> {
        self.conversation(&acme(), name, page).await.iter().map(|event| event.id).collect()
    }
}

fn acme() -> Tenant {
    tenant("acme")
}

fn key(id: EventId) -> EventKey {
    EventKey { tenant: acme(), id }
}

fn turn(conversation: &str) -> Content<'static> {
    Content { conversation_id: conversation.to_owned().into(), input: "hello".into(), ..Content::default() }
}

fn event(row: &(EventKey, Stored<'static>)) -> Event<'static> {
    match &row.1.state {
        State::Live(event) => event.as_ref().clone(),
        State::Deleted { .. } => panic!("a live row"),
    }
}

/// Ids of one millisecond whose order by bytes is not their order as ClickHouse's UUIDs, which
/// compare by the second half first; behind them one of an earlier time, and one of a later.
fn ids_in_order() -> [EventId; 5] {
    let id = |text: &str| EventId::parse(text).unwrap();
    [
        id("019aa2b1-c3d3-7fff-bfff-ffffffffffff"),
        id("019aa2b1-c3d4-7000-9000-000000000000"),
        id("019aa2b1-c3d4-7001-8000-000000000001"),
        id("019aa2b1-c3d4-8000-8000-000000000000"),
        id("019aa2b1-c3d5-7000-8000-000000000000"),
    ]
}

#[tokio::test]
async fn events_come_by_time_and_the_bytes_of_their_ids() {
    let database = Database::new().await;
    let ids = ids_in_order();
    assert!(ids.is_sorted());
    let rows: Vec<_> = [3, 0, 4, 2, 1].map(|i: usize| created(&key(ids[i]), 1, turn("c"))).into();
    database.store.insert(&rows).await.unwrap();
    assert_eq!(database.ids("c", ALL).await, ids);
}

#[tokio::test]
async fn pages_put_together_are_the_conversation() {
    let database = Database::new().await;
    let ids = ids_in_order();
    database.store.insert(&ids.map(|id| created(&key(id), 1, turn("c")))).await.unwrap();
    for limit in 1..=6 {
        let (mut pages, mut after) = (Vec::new(), None);
        loop {
            let page = database.ids("c", Page { after, limit, ..ALL }).await;
            assert!(page.len() <= usize::try_from(limit).unwrap());
            let Some(last) = page.last() else { break };
            after = Some(*last);
            pages.extend(page);
        }
        assert_eq!(pages, ids, "pages of {limit}");
    }
}

#[tokio::test]
async fn a_page_goes_on_behind_events_that_are_gone() {
    let database = Database::new().await;
    let keys: Vec<_> = (0..60).map(|n| key(id_at(&format!("2026-11-20T10:00:{n:02}Z")))).collect();
    let rows: Vec<_> = (0..).zip(&keys).map(|(n, key)| created(key, n, turn("c"))).collect();
    let gone: Vec<_> = (100..).zip(&keys[2..50]).map(|(n, key)| deleted(key, n)).collect();
    let moved = updated(&keys[50], 200, turn("d"));
    database.insert_apart(&[]).await;
    for rows in [rows, gone, vec![moved]] {
        database.store.insert(&rows).await.unwrap();
    }
    let left: Vec<_> = keys[..2].iter().chain(&keys[51..]).map(|key| key.id).collect();
    for limit in [1, 2, 3, 4, 10, 11, 12, 100] {
        let page = database.ids("c", Page { limit, ..ALL }).await;
        assert_eq!(page, left[..left.len().min(limit.try_into().unwrap())], "{limit}");
    }
    let page = Page { after: Some(keys[1].id), limit: 2, ..ALL };
    assert_eq!(database.ids("c", page).await, [keys[51].id, keys[52].id]);
}

#[tokio::test]
async fn pages_go_on_over_hours_and_over_those_whose_events_are_all_gone() {
    let database = Database::new().await;
    let at =
        |n: i64| Timestamp::from_millis(time("2026-11-20T00:59:59.999Z").millis() + n * 1_800_000).unwrap();
    let keys: Vec<_> = (0..120).map(|n| key(EventId::new(at(n)))).collect();
    let rows: Vec<_> = (0..).zip(&keys).map(|(n, key)| created(key, n, turn("c"))).collect();
    let gone: Vec<_> = (200..).zip(&keys[3..100]).map(|(n, key)| deleted(key, n)).collect();
    for rows in [rows, gone] {
        database.store.insert(&rows).await.unwrap();
    }
    let left: Vec<_> = keys[..3].iter().chain(&keys[100..]).map(|key| key.id).collect();
    for limit in [1, 2, 3, 4, 10, 100] {
        let (mut pages, mut after) = (Vec::new(), None);
        while let page = database.ids("c", Page { after, limit, ..ALL }).await
            && let Some(last) = page.last()
        {
            after = Some(*last);
            pages.extend(page);
        }
        assert_eq!(pages, left, "pages of {limit}");
    }
    assert_eq!(database.ids("c", Page { after: Some(left[left.len() - 1]), ..ALL }).await, []);
}

/// ClickHouse's `DateTime` ends in 2106, events in 2299.
#[tokio::test]
async fn events_of_the_first_and_the_last_times_are_found() {
    let database = Database::new().await;
    let ids = [
        "1970-01-01T00:00:00.000Z",
        "1970-01-01T01:00:00.000Z",
        "2106-02-07T06:28:15.999Z",
        "2106-02-07T06:28:16.000Z",
        "2242-03-16T12:00:00.000Z",
        "2299-12-31T22:59:59.999Z",
        "2299-12-31T23:00:00.000Z",
        "2299-12-31T23:59:59.999Z",
    ]
    .map(id_at);
    database.store.insert(&ids.map(|id| created(&key(id), 1, turn("c")))).await.unwrap();
    for n in 0..ids.len() {
        let after = n.checked_sub(1).map(|before| ids[before]);
        for limit in [1, 3, 100] {
            let page = database.ids("c", Page { after, limit, ..ALL }).await;
            assert_eq!(page, ids[n..][..page.len()], "from {n}, {limit}");
            assert_eq!(page.len(), (ids.len() - n).min(limit.try_into().unwrap()), "from {n}, {limit}");
        }
    }
}

#[tokio::test]
async fn a_cursor_need_not_be_an_event_of_the_conversation() {
    let database = Database::new().await;
    let ids = ids_in_order();
    database.store.insert(&ids.map(|id| created(&key(id), 1, turn("c")))).await.unwrap();
    let between = EventId::parse("019aa2b1-c3d4-7001-8000-000000000000").unwrap();
    assert_eq!(database.ids("c", Page { after: Some(between), ..ALL }).await, ids[2..]);
}

#[tokio::test]
async fn the_winning_version_is_returned_as_it_was_written() {
    let database = Database::new().await;
    let key = key(id_at("2026-11-20T10:00:00Z"));
    let won = updated(&key, 5, Content { output: "won".into(), ..turn("c") });
    database.insert_apart(&[created(&key, 1, turn("c")), won.clone()]).await;
    assert_eq!(database.conversation(&acme(), "c", ALL).await, [event(&won)]);
}

#[tokio::test]
async fn an_event_that_left_the_conversation_is_not_in_it() {
    let database = Database::new().await;
    let moved = key(id_at("2026-11-20T10:00:00Z"));
    let stayed = key(id_at("2026-11-20T10:00:01Z"));
    database
        .insert_apart(&[
            created(&moved, 1, turn("old")),
            created(&stayed, 2, turn("old")),
            updated(&moved, 3, turn("new")),
        ])
        .await;
    assert_eq!(database.ids("old", ALL).await, [stayed.id]);
    assert_eq!(database.ids("new", ALL).await, [moved.id]);
}

#[tokio::test]
async fn an_event_that_nobody_here_wrote_is_left_out() {
    let database = Database::new().await;
    let ids = ids_in_order();
    database.store.insert(&ids.map(|id| created(&key(id), 1, turn("c")))).await.unwrap();
    let by_hand =
        "ALTER TABLE {db}.events UPDATE latency = -1 WHERE id IN ('{0}', '{1}') SETTINGS mutations_sync = 1";
    let by_hand = by_hand.replace("{0}", &ids[1].to_string()).replace("{1}", &ids[2].to_string());
    database.sql(&by_hand).await;
    for limit in [1, 2, 3, 5] {
        let page = database.ids("c", Page { after: Some(ids[0]), limit, ..ALL }).await;
        assert_eq!(page, ids[3..][..page.len()], "{limit}");
        assert_eq!(page.len(), 2.min(usize::try_from(limit).unwrap()), "{limit}");
    }
}

#[tokio::test]
async fn deleted_events_and_those_of_other_conversations_and_tenants_are_not_in_it() {
    let database = Database::new().await;
    let [gone, there, elsewhere] =
        ["10", "11", "12"].map(|hour| key(id_at(&format!("2026-11-20T{hour}:00:00Z"))));
    let others = EventKey { tenant: tenant("globex"), id: there.id };
    database
        .insert_apart(&[
            created(&gone, 1, turn("c")),
            created(&there, 2, turn("c")),
            created(&elsewhere, 3, turn("d")),
            created(&others, 4, turn("c")),
            deleted(&gone, 5),
        ])
        .await;
    assert_eq!(database.ids("c", ALL).await, [there.id]);
    assert_eq!(database.conversation(&others.tenant, "c", ALL).await[0].tenant, others.tenant);
    assert_eq!(database.ids("nobody's", ALL).await, []);
}

#[tokio::test]
async fn vectors_come_only_when_they_are_asked_for() {
    let database = Database::new().await;
    let vector = |numbers: &[f32]| Embedding::new(numbers.into()).unwrap();
    let with_vectors =
        Content { input_embeddings: vector(&[0.5, -2.0]), output_embeddings: vector(&[1.0]), ..turn("c") };
    let row = created(&key(id_at("2026-11-20T10:00:00Z")), 1, with_vectors);
    database.store.insert(std::slice::from_ref(&row)).await.unwrap();
    assert_eq!(database.conversation(&acme(), "c", ALL).await, [event(&row)]);
    let mut without = event(&row);
    without.content.input_embeddings = Embedding::default();
    without.content.output_embeddings = Embedding::default();
    assert_eq!(database.conversation(&acme(), "c", Page { with_embeddings: false, ..ALL }).await, [without]);
}

#[tokio::test]
async fn names_of_any_characters_are_only_names() {
    let database = Database::new().await;
    let names = ["it's", "a\\", "a\tb\nc", "{x:String}", "?", "%00\u{0}", "🦀"];
    for (n, name) in (1..).zip(names) {
        let row = created(&key(id_at("2026-11-20T10:00:00Z")), n, turn(name));
        database.store.insert(std::slice::from_ref(&row)).await.unwrap();
        assert_eq!(database.ids(name, ALL).await, [row.0.id], "{name:?}");
    }
}

#[tokio::test]
async fn a_long_conversation_over_many_months_comes_whole() {
    let database = Database::new().await;
    let ids: Vec<_> = (0..6_000)
        .map(|n| id_at(&format!("20{:02}-{:02}-01T00:00:{:02}Z", 10 + n / 600, 1 + n / 50 % 12, n % 50)))
        .collect();
    let rows: Vec<_> = (0..).zip(&ids).map(|(n, id)| created(&key(*id), n, turn("long"))).collect();
    database.store.insert(&rows).await.unwrap();
    let mut expected = ids;
    expected.sort_unstable();
    assert_eq!(database.ids("long", Page { limit: 10_000, ..ALL }).await, expected);
}

/// Without the index of granules, which would tell too.
#[tokio::test]
async fn of_all_events_questions_about_a_conversation_read_those_of_its_hours() {
    let database = Database::new().await;
    database.sql("ALTER TABLE {db}.events DROP INDEX by_conversation SETTINGS mutations_sync = 1").await;
    let others = "INSERT INTO {db}.events (tenant, id, created_at, source, kind, event_name, version, schema_version)
        SELECT 'acme', generateUUIDv7(), toDateTime64('2026-11-20 00:00:00', 3, 'UTC') + number, 'native', 'event', 'a', 1, 9999
        FROM numbers(100 * 3600)";
    database.sql(others).await;
    let rows =
        ["2026-11-20T07:30:00Z", "2026-11-23T12:30:00Z"].map(|at| created(&key(id_at(at)), 1, turn("c")));
    database.store.insert(&rows).await.unwrap();
    let now = time("2026-12-01T00:00:00Z");
    let filters = serde_json::from_str::<Filters>(
        r#"[{"field": "conversation_id", "op": "is", "values": ["c", "d"]}]"#,
    );
    let (acme, filters) = (acme(), filters.unwrap());
    let scope = scope(&database.store, &acme, Range::new(time("2026-11-01T00:00:00Z"), now, now).unwrap());
    let limits = Limits { rows_read: 50_000, ..scope.limits };
    let scope = Scope { limits, ..scope };
    let asked = Scope { filters: &filters, ..scope.clone() };
    let counts = database.store.error_counts(&asked).await.unwrap().data;
    assert_eq!(counts.iter().map(|day| day.total_count).collect::<Vec<_>>(), [1, 1]);
    let query = Query { activity_ids: vec!["c".into()], ..Query::default() };
    let mut events = database.store.event_service(&scope, query, 10, 0).unwrap();
    let mut ids = Vec::new();
    while let Some(event) = events.next().await.unwrap() {
        ids.push(event.id);
    }
    assert_eq!(ids, [rows[1].0.id, rows[0].0.id]);
    let all = Scope { reading: Reading::Raw, ..scope };
    assert!(database.store.error_counts(&all).await.unwrap_err().is_too_large());
}
