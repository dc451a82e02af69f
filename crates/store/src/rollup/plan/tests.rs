use model::Tenant;

use super::*;
use crate::Filters;

/// 2026-11-20, a midnight of UTC.
const MIDNIGHT: u32 = 1_795_132_800;

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn hour(number: u32, marks: u64, covered: u64, events: u64) -> HourState {
    HourState {
        start: MIDNIGHT + number * HOUR_S,
        marks,
        covered,
        events,
        computed_at: 1_000 * i64::from(number),
    }
}

/// From two hours before the day until half an hour into the next.
fn plan(hours: &[HourState], days: &[DayState], reading: Reading) -> Plan {
    let at = |seconds: i64| Timestamp::from_millis((i64::from(MIDNIGHT) + seconds) * 1_000).unwrap();
    let range = Range::new(at(-7_200), at(86_400 + 1_800), at(1_000_000)).unwrap();
    Plan::new(MIDNIGHT - 2 * HOUR_S, MIDNIGHT + DAY_S, &range, hours, days, reading)
}

fn whole(from: &str, to: &str, now: &str, zone: &Zone, reading: Reading) -> Option<(u32, u32)> {
    let range = Range::new(time(from), time(to), time(now)).unwrap();
    let limits =
        crate::Limits { time: std::time::Duration::from_secs(1), memory_bytes: 0, rows_read: 0, rows: 0 };
    let tenant = Tenant::default();
    whole_hours(&Scope {
        tenant: &tenant,
        range,
        zone,
        filters: &Filters::NONE,
        limits,
        reading,
        query_id: None,
    })
}

#[test]
fn only_whole_hours_that_are_over_are_rolled() {
    let utc = |from, to, now| whole(from, to, now, &Zone::UTC, Reading::Bounded);
    let late = "2027-01-01T00:00:00Z";
    assert_eq!(utc("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z", late), Some((MIDNIGHT, MIDNIGHT + DAY_S)));
    assert_eq!(
        utc("2026-11-19T23:00:00.001Z", "2026-11-20T02:59:59.999Z", late),
        Some((MIDNIGHT, MIDNIGHT + 2 * HOUR_S))
    );
    assert_eq!(
        utc("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z", "2026-11-20T01:30:00Z"),
        Some((MIDNIGHT, MIDNIGHT + HOUR_S)),
        "what is to come is not counted"
    );
    assert_eq!(utc("2026-11-20T00:00:00.001Z", "2026-11-20T01:59:00Z", late), None, "no hour is whole");
    assert_eq!(whole("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z", late, &Zone::UTC, Reading::Raw), None);
    let monrovia = Zone::known("Africa/Monrovia".into());
    assert_eq!(
        whole("2022-10-31T00:00:00Z", "2026-11-20T00:00:00Z", late, &monrovia, Reading::Bounded),
        None
    );
    assert!(
        whole("2022-11-01T00:00:00Z", "2026-11-20T00:00:00Z", late, &monrovia, Reading::Bounded).is_some()
    );
    let (_, end) = utc("2026-11-20T00:00:00Z", "2299-01-01T00:00:00Z", "2250-01-01T00:00:00Z").unwrap();
    assert_eq!(end, END_S);
}

#[test]
fn an_hour_is_clean_if_its_rollup_covers_all_its_marks() {
    let hours = [hour(2, 7, 7, 10), hour(1, 3, 4, 10), hour(0, 5, 4, 10)];
    let plan = plan(&hours, &[], Reading::Bounded);
    assert_eq!(plan.live, [MIDNIGHT], "one that was counted before it was marked again is clean");
    assert_eq!(plan.read, Read { rolled_hours: 2, live_hours: 2, stale_hours: 0, as_of: None });
    assert_eq!(plan.events, 30);
}

#[test]
fn old_dirty_hours_of_many_events_are_read_as_they_were() {
    let hours = [
        hour(9, 2, 1, 600_000),
        hour(8, 2, 1, 1_000_000),
        hour(7, 2, 1, 1),
        hour(6, 9, 0, 0),
        hour(5, 2, 1, 1),
        hour(4, 1, 1, 9),
    ];
    let bounded = plan(&hours, &[], Reading::Bounded);
    let at = |number| MIDNIGHT + number * HOUR_S;
    assert_eq!(bounded.live, [at(6), at(8), at(9)], "one that was never rolled up is always live");
    let as_of = Timestamp::from_millis(5_000);
    assert_eq!(bounded.read, Read { rolled_hours: 3, live_hours: 4, stale_hours: 2, as_of });
    let large = [hour(9, 2, 1, 9_000_000), hour(8, 2, 1, 1)];
    assert_eq!(plan(&large, &[], Reading::Bounded).live, [at(8), at(9)], "the newest one takes no room");
    let exact = plan(&hours, &[], Reading::Exact);
    assert_eq!(exact.live, [at(5), at(6), at(7), at(8), at(9)]);
    assert_eq!(exact.read, Read { rolled_hours: 1, live_hours: 6, stale_hours: 0, as_of: None });
}

#[test]
fn a_day_is_known_if_it_covers_all_marks_of_its_hours() {
    let hours = [hour(5, 2, 2, 1), hour(0, 4, 4, 1)];
    let day = |number: u32, covered| DayState { start: MIDNIGHT + number * DAY_S - DAY_S, covered };
    let days = |days: &[DayState]| plan(&hours, days, Reading::Bounded).days;
    assert_eq!(days(&[day(1, 6)]), [MIDNIGHT]);
    assert_eq!(days(&[day(1, 5)]), [0; 0], "a mark is not covered");
    let dirty = [hour(5, 3, 2, 1), hour(0, 3, 3, 1)];
    assert_eq!(plan(&dirty, &[day(1, 6)], Reading::Bounded).days, [0; 0], "as many, of other hours");
    assert_eq!(days(&[day(0, 0), day(2, 0)]), [0; 0], "only a part of them is in the range");
}
