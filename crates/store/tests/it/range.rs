//! Local days, by the server's time-zone database, over the days on which clocks change.

use model::{Content, EventKey, Timestamp};
use store::{RangeError, RangeParams, RangeSpec, ResolveError, Scope, Store};

use crate::database::{Database, created, id_at, scope, tenant, time};

/// Days and when they begin, as Python's `zoneinfo` has it.
const DAYS: [(&str, &str, &str); 16] = [
    ("Europe/Berlin", "2026-03-28", "2026-03-27T23:00:00.000Z"),
    // 23 hours.
    ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00.000Z"),
    ("Europe/Berlin", "2026-03-30", "2026-03-29T22:00:00.000Z"),
    // 25 hours.
    ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00.000Z"),
    ("Europe/Berlin", "2026-10-26", "2026-10-25T23:00:00.000Z"),
    // Without a midnight: it begins at 01:00.
    ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00.000Z"),
    ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00.000Z"),
    ("America/Havana", "2026-03-08", "2026-03-08T05:00:00.000Z"),
    // With two: it begins at the first.
    ("America/Havana", "2026-11-01", "2026-11-01T04:00:00.000Z"),
    // Left out by the calendar: what comes after it.
    ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00.000Z"),
    ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00.000Z"),
    ("Asia/Kathmandu", "2026-11-20", "2026-11-19T18:15:00.000Z"),
    ("UTC", "2026-11-20", "2026-11-20T00:00:00.000Z"),
    // Where Date and DateTime have ended, and where events begin.
    ("Europe/Berlin", "2250-07-01", "2250-06-30T22:00:00.000Z"),
    ("Pacific/Honolulu", "2299-12-31", "2299-12-31T10:00:00.000Z"),
    ("Asia/Tokyo", "1970-01-01", "1970-01-01T00:00:00.000Z"),
];

async fn resolved(
    store: &Store,
    params: RangeParams<'_>,
) -> Result<(store::Range, store::Zone), ResolveError> {
    store.range(&RangeSpec::parse(&params, Some(7))?, time("2026-12-01T00:00:00Z")).await
}

#[tokio::test]
async fn local_days_begin_where_their_zone_has_it() {
    let database = Database::new().await;
    for (zone, day, start) in DAYS {
        // The end of all time, lest now lies before some of them.
        let params = RangeParams {
            from: Some(day),
            to: Some("2299-12-31T23:59:59Z"),
            days: None,
            timezone: Some(zone),
        };
        let (range, zone_of) = resolved(&database.store, params).await.unwrap();
        assert_eq!((range.from(), zone_of.as_str()), (time(start), zone), "{zone} {day}");
    }
    // Without a zone it is UTC; both ends at once, and an instant beside a day.
    for (to, end) in
        [("2026-11-21", "2026-11-21T00:00:00Z"), ("2026-11-20T12:00:00+02:00", "2026-11-20T10:00:00Z")]
    {
        let params = RangeParams { from: Some("2026-11-20"), to: Some(to), ..RangeParams::default() };
        let (range, zone) = resolved(&database.store, params).await.unwrap();
        assert_eq!((range.from(), range.to()), (time("2026-11-20T00:00:00Z"), time(end)));
        assert_eq!(zone, store::Zone::UTC);
    }
}

#[tokio::test]
async fn a_zone_that_is_unknown_is_named() {
    let database = Database::new().await;
    for bad in
        ["Europe/Atlantis", "", "europe/berlin", "utc", "UTC' OR 1", "../UTC", "+02:00", "Europe/Berlin\0"]
    {
        let params = RangeParams { timezone: Some(bad), ..RangeParams::default() };
        let error = resolved(&database.store, params).await.unwrap_err();
        assert!(
            matches!(&error, ResolveError::Range(RangeError::UnknownZone(name)) if name == bad),
            "{error:?}"
        );
        let text = error.to_string();
        assert!(text.starts_with("timezone must be an IANA name such as Europe/Berlin: \""), "{text}");
    }
    let long = "x".repeat(10_000);
    let params = RangeParams { timezone: Some(&long), ..RangeParams::default() };
    assert!(resolved(&database.store, params).await.unwrap_err().to_string().len() < 200);
}

/// The two kinds of an error differ: one is the caller's, the other may pass.
#[tokio::test]
async fn what_needs_no_day_and_no_zone_needs_no_server() {
    let url = Some(format!("http://127.0.0.1:{}", testing::port::free()));
    let nobody = Store::new(store::Config { url, ..store::Config::default() }).unwrap();
    let params = RangeParams { days: Some(1), ..RangeParams::default() };
    let (range, _) = resolved(&nobody, params).await.unwrap();
    assert_eq!(range.from(), time("2026-11-30T00:00:00Z"));
    for params in [
        RangeParams { timezone: Some("Europe/Berlin"), ..RangeParams::default() },
        RangeParams { from: Some("2026-11-20"), ..RangeParams::default() },
    ] {
        let error = resolved(&nobody, params).await.unwrap_err();
        assert!(matches!(&error, ResolveError::Store(error) if error.is_retryable()), "{error:?}");
    }
}

#[tokio::test]
async fn the_zones_are_asked_for_once() {
    let database = Database::new().await;
    let params = RangeParams { timezone: Some("Europe/Berlin"), ..RangeParams::default() };
    resolved(&database.store, params).await.unwrap();
    database.sql("DROP DATABASE {db}").await;
    // Where it is gone nothing is answered, so this was not asked.
    assert!(database.store.check_schema().await.is_err());
    resolved(&database.store.clone(), params).await.unwrap();
    resolved(&Store::new(database.config.clone()).unwrap(), params).await.unwrap_err();
}

#[tokio::test]
async fn errors_are_counted_by_local_day_when_clocks_change() {
    let database = Database::new().await;
    let acme = tenant("acme");
    let mut rows = Vec::new();
    let mut at = |at: Timestamp| {
        let key = EventKey { tenant: acme.clone(), id: id_at(&at.to_string()) };
        let content = Content { event_name: "a".to_owned().into(), ..Content::default() };
        rows.push(created(&key, i64::try_from(rows.len()).unwrap(), content));
    };
    let days = DAYS.iter().filter(|(zone, day, _)| *zone != "Pacific/Apia" && *day < "2200" && *day > "2000");
    let days: Vec<_> = days.collect();
    for (_, _, start) in &days {
        at(time(start));
        at(Timestamp::from_millis(time(start).millis() - 1).unwrap());
    }
    database.store.insert(&rows).await.unwrap();
    for (zone, day, start) in days {
        let (from, to) = (time(start).days_before(1), time(start).millis() + 1);
        let range =
            store::Range::new(from, Timestamp::from_millis(to).unwrap(), time("2026-12-01T00:00:00Z"))
                .unwrap();
        let params = RangeParams { timezone: Some(zone), ..RangeParams::default() };
        let (_, zone) = resolved(&database.store, params).await.unwrap();
        let scope = Scope { zone: &zone, ..scope(&database.store, &acme, range) };
        let counts = database.store.error_counts(&scope).await.unwrap().data;
        let last = counts.last().unwrap();
        assert_eq!((last.date.as_str(), last.total_count), (*day, 1), "{zone:?}: {counts:?}");
        let before = &counts[counts.len() - 2];
        assert!(before.date.as_str() < *day && before.total_count >= 1, "{zone:?}: {counts:?}");
    }
}
