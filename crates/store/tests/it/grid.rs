//! Buckets, over the days on which clocks change, as Python's `zoneinfo` has them; and what they are compared with.

use store::{Compare, Grid, Interval, Range, RangeParams, RangeSpec, Store, WeekStart, Zone};

use crate::database::{Database, time};

const NOW: &str = "2026-12-01T00:00:00Z";

async fn range(store: &Store, zone: &str, from: &str, to: &str, now: &str) -> (Range, Zone) {
    let params = RangeParams { from: Some(from), to: Some(to), days: None, timezone: Some(zone) };
    store.range(&RangeSpec::parse(&params, None).unwrap(), time(now)).await.unwrap()
}

fn starts(grid: &Grid) -> Vec<String> {
    grid.buckets().iter().map(|bucket| bucket.start.to_string()).collect()
}

fn complete(grid: &Grid) -> Vec<bool> {
    grid.buckets().iter().map(|bucket| bucket.complete).collect()
}

#[tokio::test]
async fn buckets_begin_where_the_calendar_of_their_zone_has_it() {
    let Database { store, .. } = Database::new().await;
    let cases: [(&str, &str, &str, Interval, WeekStart, &[&str]); 8] = [
        (
            "Europe/Berlin",
            "2026-10-24T23:30:00Z",
            "2026-10-25T03:00:00Z",
            Interval::Hour,
            WeekStart::Monday,
            &[
                "2026-10-25T01:00:00+02:00",
                "2026-10-25T02:00:00+02:00",
                "2026-10-25T02:00:00+01:00",
                "2026-10-25T03:00:00+01:00",
            ],
        ),
        (
            "America/Santiago",
            "2026-09-05T10:00:00Z",
            "2026-09-07T12:00:00Z",
            Interval::Day,
            WeekStart::Monday,
            &["2026-09-05T00:00:00-04:00", "2026-09-06T01:00:00-03:00", "2026-09-07T00:00:00-03:00"],
        ),
        (
            "Europe/Berlin",
            "2026-10-24",
            "2026-10-27",
            Interval::Day,
            WeekStart::Monday,
            &["2026-10-24T00:00:00+02:00", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"],
        ),
        (
            "America/New_York",
            "2026-10-28T12:00:00Z",
            "2026-11-10T05:00:00Z",
            Interval::Week,
            WeekStart::Monday,
            &["2026-10-26T00:00:00-04:00", "2026-11-02T00:00:00-05:00", "2026-11-09T00:00:00-05:00"],
        ),
        (
            "America/New_York",
            "2026-10-28T12:00:00Z",
            "2026-11-10T05:00:00Z",
            Interval::Week,
            WeekStart::Sunday,
            &["2026-10-25T00:00:00-04:00", "2026-11-01T00:00:00-04:00", "2026-11-08T00:00:00-05:00"],
        ),
        (
            "Asia/Kolkata",
            "2026-01-15T00:00:00Z",
            "2026-04-01",
            Interval::Month,
            WeekStart::Monday,
            &["2026-01-01T00:00:00+05:30", "2026-02-01T00:00:00+05:30", "2026-03-01T00:00:00+05:30"],
        ),
        (
            "Africa/Cairo",
            "2026-04-23",
            "2026-04-25",
            Interval::Day,
            WeekStart::Monday,
            &["2026-04-23T00:00:00+02:00", "2026-04-24T01:00:00+03:00"],
        ),
        (
            "Asia/Kathmandu",
            "2026-11-20T00:00:30Z",
            "2026-11-20T00:02:00Z",
            Interval::Minute,
            WeekStart::Monday,
            &["2026-11-20T05:45:00+05:45", "2026-11-20T05:46:00+05:45"],
        ),
    ];
    for (zone, from, to, interval, week_start, expected) in cases {
        let (range, zone) = range(&store, zone, from, to, NOW).await;
        let grid = store.grid(&range, &zone, Some(interval), week_start).await.unwrap();
        assert_eq!(starts(&grid), expected, "{zone:?} {interval:?}");
    }
}

#[tokio::test]
async fn a_bucket_is_complete_if_it_lies_in_the_range_and_has_ended() {
    let Database { store, .. } = Database::new().await;
    let (in_part, zone) =
        range(&store, "Europe/Berlin", "2026-11-20T01:00:00Z", "2026-11-22T23:00:00.001Z", NOW).await;
    let grid = store.grid(&in_part, &zone, Some(Interval::Day), WeekStart::Monday).await.unwrap();
    assert_eq!(complete(&grid), [false, true, true, false]);
    // As seen within: what is to come is listed.
    let (whole, zone) =
        range(&store, "Europe/Berlin", "2026-11-20", "2026-11-24", "2026-11-21T22:59:59.999Z").await;
    let grid = store.grid(&whole, &zone, None, WeekStart::Monday).await.unwrap();
    assert_eq!(grid.interval(), Interval::Day);
    assert_eq!(complete(&grid), [true, false, false, false]);
    let (later, _) = range(&store, "Europe/Berlin", "2026-11-20", "2026-11-24", "2026-11-21T23:00:00Z").await;
    let grid = store.grid(&later, &zone, None, WeekStart::Monday).await.unwrap();
    assert_eq!(complete(&grid), [true, true, false, false]);
}

#[tokio::test]
async fn a_range_is_compared_with_the_calendar_units_before() {
    let Database { store, .. } = Database::new().await;
    let compared = async |zone: &str, from: &str, to: &str, compare| {
        let (range, zone) = range(&store, zone, from, to, NOW).await;
        let before = store.compared(&range, &zone, compare).await.unwrap();
        (before.from().to_string(), before.to().to_string())
    };
    let ends = |from: &str, to: &str| (time(from).to_string(), time(to).to_string());
    let (period, weekday) = (Compare::PreviousPeriod, Compare::SameWeekday);
    // Over the change of clocks: of 7 days, a month, a day of 25 hours, and no local days.
    for (from, to, compare, expected) in [
        ("2026-10-25", "2026-11-01", period, ends("2026-10-17T22:00:00Z", "2026-10-24T22:00:00Z")),
        ("2026-11-01", "2026-12-01", period, ends("2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z")),
        ("2026-10-25", "2026-10-26", period, ends("2026-10-23T22:00:00Z", "2026-10-24T22:00:00Z")),
        ("2026-10-25", "2026-10-26", weekday, ends("2026-10-17T22:00:00Z", "2026-10-18T22:00:00Z")),
        ("2026-10-20", "2026-10-28", weekday, ends("2026-10-05T22:00:00Z", "2026-10-13T22:00:00Z")),
        (
            "2026-10-25T06:00:00Z",
            "2026-10-25T18:00:00Z",
            period,
            ends("2026-10-24T18:00:00Z", "2026-10-25T06:00:00Z"),
        ),
        // At the same local times.
        (
            "2026-10-25T06:00:00Z",
            "2026-10-25T18:00:00Z",
            weekday,
            ends("2026-10-18T05:00:00Z", "2026-10-18T17:00:00Z"),
        ),
    ] {
        assert_eq!(compared("Europe/Berlin", from, to, compare).await, expected, "{from} {to} {compare:?}");
    }
    // While the range goes on, as much of both has gone by.
    let (today, zone) = range(&store, "UTC", "2026-11-20", "2026-11-21", "2026-11-20T06:00:00Z").await;
    let yesterday = store.compared(&today, &zone, period).await.unwrap();
    assert_eq!(
        (yesterday.to(), yesterday.now()),
        (time("2026-11-20T00:00:00Z"), time("2026-11-19T06:00:00Z"))
    );
    // And nothing of one that is still to come.
    let (tomorrow, zone) = range(&store, "UTC", "2026-11-21", "2026-11-22", "2026-11-20T06:00:00Z").await;
    let before = store.compared(&tomorrow, &zone, period).await.unwrap();
    assert_eq!((before.from(), before.now()), (time("2026-11-20T00:00:00Z"), time("2026-11-19T06:00:00Z")));
}

#[tokio::test]
async fn there_may_not_be_too_many_buckets() {
    let Database { store, .. } = Database::new().await;
    let (year, zone) = range(&store, "UTC", "2025-01-01", "2026-12-01", NOW).await;
    let error = store.grid(&year, &zone, Some(Interval::Hour), WeekStart::Monday).await.unwrap_err();
    assert!(error.to_string().contains("more than 10000 buckets of one hour"), "{error}");
}
