//! The numbers, over rows of which nothing is merged.

use model::{Content, EventKey, Latency, Tenant, Timestamp};
use store::queries::{ErrorCount, ErrorSession, SessionLatency};
use store::{Config, Filters, Range, Scope, Store};

use crate::database::{Database, created, deleted, id_at, new_key, saying, scope, tenant, time, updated};

fn acme() -> Tenant {
    tenant("acme")
}

fn days() -> Range {
    let (from, to) = (time("2026-11-18T00:00:00Z"), time("2026-11-21T00:00:00Z"));
    Range::new(from, to, time("2026-12-01T00:00:00Z")).unwrap()
}

fn key(at: &str) -> EventKey {
    EventKey { tenant: acme(), id: id_at(at) }
}

fn named(event_name: &str, error: &str) -> Content<'static> {
    Content { event_name: event_name.to_owned().into(), error: error.to_owned().into(), ..Content::default() }
}

fn turn(conversation: &str, event_name: &str, error: &str, latency: f64) -> Content<'static> {
    Content {
        conversation_id: conversation.to_owned().into(),
        latency: Latency::from_millis(latency).unwrap(),
        ..named(event_name, error)
    }
}

async fn counts(database: &Database, event_name: &str) -> Vec<ErrorCount> {
    let (acme, filters) = (acme(), Filters::event_name(event_name).unwrap());
    let scope = Scope { filters: &filters, ..scope(&database.store, &acme, days()) };
    database.store.error_counts(&scope).await.unwrap().data
}

#[tokio::test]
async fn errors_are_counted_by_utc_day() {
    let database = Database::new().await;
    let [late, healed, gone] =
        ["2026-11-19T23:59:59.999Z", "2026-11-20T00:00:00Z", "2026-11-20T12:00:00Z"].map(key);
    let others = EventKey { tenant: tenant("globex"), id: late.id };
    database
        .insert_apart(&[
            // Sent twice: still one.
            created(&late, 1, named("a", "timeout")),
            created(&late, 2, named("a", "timeout")),
            // The error was cleared.
            created(&healed, 3, named("a", "timeout")),
            updated(&healed, 4, named("a", "")),
            // Deleted.
            created(&gone, 5, named("a", "timeout")),
            deleted(&gone, 6),
            created(&key("2026-11-20T13:00:00Z"), 7, named("a", "refused")),
            created(&key("2026-11-20T13:00:00Z"), 8, named("b", "refused")),
            // Renamed: counts as what it is called now.
            created(&key("2026-11-18T00:00:00Z"), 9, named("a", "")),
            created(&others, 10, named("a", "timeout")),
            created(&key("2026-11-17T23:59:59.999Z"), 11, named("a", "timeout")),
            created(&key("2026-11-21T00:00:00Z"), 12, named("a", "timeout")),
        ])
        .await;
    let day = |date: &str, error_count, total_count| ErrorCount {
        date: date.into(),
        event_name: "a".into(),
        error_count,
        total_count,
    };
    let counted = counts(&database, "a").await;
    assert_eq!(counted, [day("2026-11-18", 0, 1), day("2026-11-19", 1, 1), day("2026-11-20", 1, 2)]);
    assert_eq!(counts(&database, "nothing").await, []);
}

#[tokio::test]
async fn a_renamed_event_counts_under_its_new_name_alone() {
    let database = Database::new().await;
    let renamed = key("2026-11-20T10:00:00Z");
    database
        .insert_apart(&[created(&renamed, 1, named("old", "x")), updated(&renamed, 2, named("new", "x"))])
        .await;
    assert_eq!(counts(&database, "old").await, []);
    let counted = counts(&database, "new").await;
    assert_eq!((counted.len(), counted[0].error_count, counted[0].total_count), (1, 1, 1));
}

#[tokio::test]
async fn latencies_are_the_95th_percentile_of_what_was_measured() {
    let database = Database::new().await;
    let mut rows = Vec::new();
    // 100, 99 … 1, and one that was not measured: counted, but no part of the percentile.
    for n in 0..=100 {
        let key = key("2026-11-20T10:00:00Z");
        rows.push(created(&key, n, turn("slow", "a", "", f64::from(100 - i32::try_from(n).unwrap()))));
        if n == 7 {
            // A replay of the same operation, and an update that changes the measure.
            rows.push(rows[7].clone());
            rows.push(updated(&key, 200, turn("slow", "a", "", 1_000.0)));
        }
    }
    rows.push(created(&key("2026-11-20T10:00:00Z"), 1, turn("slow", "b", "", 7.5)));
    rows.push(created(&key("2026-11-20T10:00:00Z"), 2, turn("unmeasured", "a", "", 0.0)));
    rows.push(created(&key("2026-11-20T10:00:00Z"), 3, turn("", "a", "", 9_000.0)));
    rows.push(created(&key("2026-11-17T10:00:00Z"), 4, turn("old", "a", "", 9_000.0)));
    let gone = key("2026-11-20T10:00:00Z");
    rows.extend([created(&gone, 5, turn("gone", "a", "", 9_000.0)), deleted(&gone, 6)]);
    database.insert_apart(&rows).await;

    let session = |conversation: &str, event_name: &str, p95_latency, event_count| SessionLatency {
        conversation_id: conversation.into(),
        event_name: event_name.into(),
        p95_latency,
        event_count,
    };
    // In order 1 … 92, 94 … 100, 1000: the 96th of 100 (ClickHouse's quantileExact rounds up).
    let expected =
        [session("slow", "a", 97.0, 101), session("slow", "b", 7.5, 1), session("unmeasured", "a", 0.0, 1)];
    let acme = acme();
    let scope = scope(&database.store, &acme, days());
    assert_eq!(database.store.latency(&scope, 10).await.unwrap().data, expected);
    assert_eq!(database.store.latency(&scope, 2).await.unwrap().data, expected[..2]);
}

#[tokio::test]
async fn the_worst_conversations_come_by_rate_then_by_size() {
    let database = Database::new().await;
    let (mut rows, mut n) = (Vec::new(), 0);
    for (conversation, errors, fine) in
        [("half", 2, 2), ("half of many", 3, 3), ("all", 1, 0), ("none", 0, 5), ("third", 1, 2), ("", 9, 0)]
    {
        for error in std::iter::repeat_n("timeout", errors).chain(std::iter::repeat_n("", fine)) {
            n += 1;
            let row = created(&key("2026-11-20T10:00:00Z"), n, turn(conversation, "a", error, 0.0));
            rows.extend([row.clone(), row]);
        }
    }
    let (healed, gone) = (key("2026-11-20T10:00:00Z"), key("2026-11-20T10:00:00Z"));
    rows.extend([
        created(&healed, 100, turn("none", "a", "timeout", 0.0)),
        updated(&healed, 101, turn("none", "a", "", 0.0)),
        created(&gone, 102, turn("none", "a", "timeout", 0.0)),
        deleted(&gone, 103),
        created(&key("2026-11-17T23:59:59.999Z"), 104, turn("none", "a", "timeout", 0.0)),
    ]);
    database.insert_apart(&rows).await;

    let session = |conversation: &str, total_events: u32, error_events: u32| ErrorSession {
        conversation_id: conversation.into(),
        total_events: total_events.into(),
        error_events: error_events.into(),
        error_rate: f64::from(error_events) / f64::from(total_events),
    };
    let expected = [
        session("all", 1, 1),
        session("half of many", 6, 3),
        session("half", 4, 2),
        session("third", 3, 1),
        session("none", 6, 0),
    ];
    let (acme, globex) = (acme(), tenant("globex"));
    let top = async |min_events, limit| {
        let scope = scope(&database.store, &acme, days());
        database.store.top_error_sessions(&scope, min_events, limit).await.unwrap()
    };
    assert_eq!(top(1, 10).await, expected);
    assert_eq!(top(1, 2).await, expected[..2]);
    assert_eq!(
        top(4, 10).await,
        [session("half of many", 6, 3), session("half", 4, 2), session("none", 6, 0)]
    );
    let scope = scope(&database.store, &globex, days());
    let nobody = database.store.top_error_sessions(&scope, 1, 10).await.unwrap();
    assert_eq!(nobody, []);
}

#[tokio::test]
async fn a_read_that_takes_too_much_is_refused_as_such() {
    let rows: Vec<_> = (0..5_000).map(|n| created(&new_key(), n, saying(&n.to_string()))).collect();
    let database = Database::new().await;
    database.store.insert(&rows).await.unwrap();
    let store = Store::new(Config { read_max_rows: 100, ..database.config.clone() }).unwrap();
    let (tenant, now) = (Tenant::default(), Timestamp::now());
    let all = Range::new(Timestamp::default(), now, now).unwrap();
    let error = store.latency(&scope(&store, &tenant, all), 10).await.unwrap_err();
    assert!(error.is_too_large(), "{error:?}");
    let key = std::slice::from_ref(&rows[0].0);
    let error = store.standings(key).await.unwrap_err();
    assert!(error.is_too_large(), "{error:?}");
    // What the consumer needs is not limited by what callers may ask for.
    assert_eq!(store.lookup(key, usize::MAX).await.unwrap().rows.len(), 1);
}
