//! Hours that are rolled up: whatever is dirty, questions have the same answers as without.

use model::{Content, EventKey, Latency, Timestamp};
use store::queries::Series;
use store::{Dirty, Grid, Interval, Metric, Range, Reading, Rolled, Scope, Store, WeekStart};

use crate::database::{Database, created, deleted, id_at, scope, tenant, time, updated};

fn key(at: &str) -> EventKey {
    EventKey { tenant: tenant("acme"), id: id_at(at) }
}

fn said(name: &str, user: &str, error: &str, latency: f64) -> Content<'static> {
    Content {
        event_name: name.to_owned().into(),
        conversation_id: format!("of {user}").into(),
        user_id: user.to_owned().into(),
        error: error.to_owned().into(),
        latency: Latency::from_millis(latency).unwrap(),
        ..Content::default()
    }
}

/// Rolls up the newest dirty hours, and days.
pub(crate) async fn roll_up_all(store: &Store) {
    let dirty = store.dirty_hours(1_000).await.unwrap();
    for hours in dirty.chunk_by(|one, next| one.hour.tenant == next.hour.tenant) {
        store.roll_up(hours).await.unwrap();
    }
    for day in store.days_behind(1_000).await.unwrap() {
        store.roll_up_day(&day).await.unwrap();
    }
}

async fn by_day(store: &Store, scope: &Scope<'_>) -> (Vec<Series>, store::Read) {
    let grid: Grid =
        store.grid(&scope.range, scope.zone, Some(Interval::Day), WeekStart::Monday).await.unwrap();
    let metrics = [Metric::Events, Metric::Errors, Metric::ErrorRate, Metric::Users, Metric::Conversations];
    let found = store.series(scope, &grid, &metrics, None).await.unwrap();
    (found.series, found.read)
}

fn range() -> Range {
    let now = time("2026-11-22T08:00:00Z");
    Range::new(time("2026-11-19T12:34:56Z"), now, now).unwrap()
}

#[tokio::test]
async fn hours_are_marked_with_their_rows_and_clean_when_they_are_rolled_up() {
    let database = Database::new().await;
    let store = &database.store;
    let one = key("2026-11-20T10:59:59.999Z");
    let rows = [
        created(&one, 1, said("a", "ada", "", 1.0)),
        created(&key("2026-11-20T11:00:00Z"), 2, said("a", "ada", "", 1.0)),
    ];
    store.insert(&rows).await.unwrap();
    store.insert(&[updated(&one, 3, said("b", "ada", "late", 2.0))]).await.unwrap();
    let hours = |dirty: &[Dirty]| {
        dirty.iter().map(|dirty| (dirty.hour.start % 86_400 / 3_600, dirty.marks)).collect::<Vec<_>>()
    };
    let dirty = store.dirty_hours(10).await.unwrap();
    assert_eq!(hours(&dirty), [(11, 1), (10, 2)]);
    assert_eq!(dirty[0].hour.tenant, tenant("acme"));
    store.roll_up(&dirty[1..]).await.unwrap();
    assert_eq!(hours(&store.dirty_hours(10).await.unwrap()), [(11, 1)]);
    store.insert(&[deleted(&one, 4)]).await.unwrap();
    assert_eq!(hours(&store.dirty_hours(10).await.unwrap()), [(11, 1), (10, 3)]);
    assert_eq!(store.dirty_hours(10).await.unwrap()[1].events, 1, "as it was rolled up last");
    roll_up_all(store).await;
    assert_eq!(hours(&store.dirty_hours(10).await.unwrap()), []);
    let row =
        "SELECT covered, events, length(slots) FROM {db}.rollup FINAL WHERE hour = '2026-11-20 10:00:00'";
    assert_eq!(database.sql(row).await, "3\t0\t0", "an hour without events has a row too");
}

#[tokio::test]
async fn answers_are_the_same_whatever_is_rolled_up() {
    let database = Database::new().await;
    let store = &database.store;
    let acme = tenant("acme");
    let berlin = "Europe/Berlin";
    let mut rows = Vec::new();
    for n in 0..400_i64 {
        let at = Timestamp::from_millis(time("2026-11-19T00:00:00Z").millis() + n * 777_777).unwrap();
        let user = format!("u-{}", n % 17);
        let error = if n % 5 == 0 { "bad" } else { "" };
        #[expect(clippy::cast_precision_loss, reason = "small")]
        let content = said(["a", "b", "c"][usize::try_from(n % 3).unwrap()], &user, error, n as f64);
        rows.push(created(&key(&at.to_string()), n, content));
    }
    store.insert(&rows).await.unwrap();
    for step in 0..3 {
        for zone in ["UTC", berlin, "Asia/Kathmandu"] {
            let spec = store::RangeSpec::parse(
                &store::RangeParams { from: None, to: None, days: Some(1), timezone: Some(zone) },
                None,
            )
            .unwrap();
            let (_, zone) = store.range(&spec, Timestamp::now()).await.unwrap();
            let scope = |reading| Scope { zone: &zone, reading, ..scope(store, &acme, range()) };
            let (live, none) = by_day(store, &scope(Reading::Raw)).await;
            assert_eq!(none, store::Read::default());
            for reading in [Reading::Bounded, Reading::Exact] {
                let (found, read) = by_day(store, &scope(reading)).await;
                assert_eq!(found, live, "{zone:?} {step}");
                assert_eq!(
                    (step == 2, step == 0),
                    (read.live_hours == 1, read.rolled_hours == 0),
                    "{read:?}"
                );
            }
            let errors: Rolled<_> = store.error_counts(&scope(Reading::Bounded)).await.unwrap();
            assert_eq!(errors.data, store.error_counts(&scope(Reading::Raw)).await.unwrap().data);
            let heat = store.heatmap(&scope(Reading::Bounded)).await.unwrap().data;
            assert_eq!(heat, store.heatmap(&scope(Reading::Raw)).await.unwrap().data);
            let days = store.grid(&range(), &zone, Some(Interval::Day), WeekStart::Monday).await.unwrap();
            let active = store.active_users(&scope(Reading::Bounded), &days).await.unwrap().data;
            assert_eq!(active, store.active_users(&scope(Reading::Raw), &days).await.unwrap().data);
        }
        if step == 0 {
            let dirty = store.dirty_hours(1_000).await.unwrap();
            store.roll_up(&dirty[20..50]).await.unwrap();
        } else {
            roll_up_all(store).await;
        }
    }
    let days = "SELECT count() FROM {db}.rollup_days FINAL WHERE tenant = 'acme'";
    assert_eq!(database.sql(days).await, "4");
}

#[tokio::test]
async fn a_rollup_that_does_not_say_what_its_events_do_is_found() {
    let database = Database::new().await;
    let store = &database.store;
    let keys = [8, 9, 10].map(|hour| key(&format!("2026-11-20T{hour:02}:30:00Z")));
    for key in &keys {
        store.insert(&[created(key, 1, said("a", "ada", "", 2.0))]).await.unwrap();
    }
    store.insert(&[deleted(&keys[2], 3)]).await.unwrap();
    roll_up_all(store).await;
    let mut hours = Vec::new();
    while let Some(hour) = store.rolled_after(hours.last()).await.unwrap() {
        hours.push(hour);
    }
    assert_eq!(hours.iter().map(|hour| hour.start % 86_400 / 3_600).collect::<Vec<_>>(), [8, 9, 10]);
    for hour in &hours {
        assert!(!store.rollup_differs(hour).await.unwrap(), "{hour:?}");
    }
    // Rows that nobody computed, which win over those of as many marks.
    for wrong in [
        "rollup_money (tenant, hour, covered, orders) SELECT tenant, hour, covered, [(7, 0)] FROM {db}.rollup_money FINAL WHERE hour = '2026-11-20 08:00:00'",
        "rollup_days SELECT tenant, day, covered, [7] FROM {db}.rollup_days FINAL",
    ] {
        database.sql(&format!("INSERT INTO {{db}}.{wrong}")).await;
        assert!(store.rollup_differs(&hours[0]).await.unwrap(), "{wrong}");
        store.mark_hour(&hours[0]).await.unwrap();
        roll_up_all(store).await;
        assert!(!store.rollup_differs(&hours[0]).await.unwrap(), "{wrong}");
    }
    // Behind the back of the marks, as a mutation does it.
    database.forget(&keys[1..2]).await;
    assert!(store.rollup_differs(&hours[1]).await.unwrap());
    store.mark_hour(&hours[1]).await.unwrap();
    assert!(!store.rollup_differs(&hours[1]).await.unwrap(), "it is dirty, which questions know");
    assert_eq!(store.dirty_hours(10).await.unwrap().len(), 1);
    roll_up_all(store).await;
    assert!(!store.rollup_differs(&hours[1]).await.unwrap());
    let (first, last) = (time("2026-11-20T09:00:00Z"), time("2026-11-20T10:00:00Z"));
    store.mark_hours(first, last).await.unwrap();
    assert_eq!(store.dirty_hours(10).await.unwrap().len(), 1, "also one that has no events any more");
}
