use proptest::option::of;
use proptest::prelude::*;
use time::macros::date;

use super::*;

fn parse(params: RangeParams<'_>) -> Result<RangeSpec, RangeError> {
    RangeSpec::parse(&params, Some(7))
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn no_days(_: Date) -> Timestamp {
    panic!("no local day was named")
}

#[test]
fn a_date_is_the_start_of_its_day() {
    let spec =
        parse(RangeParams { from: Some("2026-03-29"), to: Some("2026-03-30"), ..RangeParams::default() })
            .unwrap();
    assert_eq!(spec.days(), [date!(2026 - 03 - 29), date!(2026 - 03 - 30)]);
    let start_of = |day: Date| Timestamp::from_millis(i64::from(day.ordinal()) * 1_000).unwrap();
    let range = spec.at(Timestamp::MAX, start_of).unwrap();
    assert_eq!((range.from().millis(), range.to().millis()), (88_000, 89_000));
}

#[test]
fn what_is_no_time_is_named() {
    for bad in [
        "",
        "yesterday",
        "2026-02-29",
        "2026-1-1",
        "+2026-01-01",
        "02026-01-01",
        " 2026-01-01",
        "2026-01-01 ",
        "1969-12-31",
        "2300-01-01",
        "2026-01-01T00:00:00",
        "20260101",
        "1764115200",
        "2026-01-01T00:00:00Z'",
    ] {
        let from = parse(RangeParams { from: Some(bad), ..RangeParams::default() });
        assert_eq!(from, Err(RangeError::Time("from")), "{bad:?}");
        let to = parse(RangeParams { to: Some(bad), ..RangeParams::default() });
        assert_eq!(to, Err(RangeError::Time("to")), "{bad:?}");
    }
    assert_eq!(
        RangeError::Time("from").to_string(),
        "from must be a date such as 2026-11-20 or an RFC 3339 time with its offset (a + is sent as %2B), between 1970 and 2299"
    );
}

#[test]
fn a_range_without_anything_in_it_names_its_ends() {
    let (from, now) = (Some("2026-11-20T00:00:00+02:00"), at("2026-11-19T00:00:00Z"));
    let spec = parse(RangeParams { from, ..RangeParams::default() }).unwrap();
    assert_eq!(
        spec.at(now, no_days).unwrap_err().to_string(),
        "from must be before to: from is 2026-11-19T22:00:00.000Z, to is 2026-11-19T00:00:00.000Z"
    );
}

#[test]
fn the_default_may_be_all_time() {
    let spec = RangeSpec::parse(&RangeParams::default(), None).unwrap();
    let range = spec.at(at("2026-11-20T00:00:00Z"), no_days).unwrap();
    assert_eq!((range.from(), range.to()), (Timestamp::default(), at("2026-11-20T00:00:00Z")));
}

/// Some instant as RFC 3339 with some offset, and which one it is.
fn instants() -> impl Strategy<Value = (String, Timestamp)> {
    (86_400_000..=Timestamp::MAX.millis() - 86_400_000, -14 * 60..=14 * 60_i64).prop_map(
        |(millis, offset)| {
            let local = Timestamp::from_millis(millis + offset * 60_000).unwrap().to_string();
            let sign = if offset < 0 { '-' } else { '+' };
            let (hours, minutes) = (offset.abs() / 60, offset.abs() % 60);
            let text = format!("{}{sign}{hours:02}:{minutes:02}", local.trim_end_matches('Z'));
            (text, Timestamp::from_millis(millis).unwrap())
        },
    )
}

fn days() -> impl Strategy<Value = Date> {
    (2_440_588..=2_561_117).prop_map(|julian| Date::from_julian_day(julian).unwrap())
}

proptest! {
    #[test]
    fn instants_are_taken_as_they_are((from, first) in instants(), (to, last) in instants(), now in instants()) {
        let params = RangeParams { from: Some(&from), to: Some(&to), ..RangeParams::default() };
        let spec = parse(params).unwrap();
        let range = spec.at(now.1, no_days);
        if first < last {
            let range = range.unwrap();
            prop_assert_eq!((range.from(), range.to(), range.now()), (first, last, now.1));
            prop_assert_eq!(range.counted_to().millis(), last.millis().min(now.1.millis() + 1));
        } else {
            prop_assert_eq!(range, Err(RangeError::Empty { from: first, to: last }));
        }
    }

    #[test]
    fn every_day_is_read_as_itself(day in days(), days in proptest::collection::vec(days(), 2)) {
        prop_assert_eq!(date(&day.to_string()), Some(day));
        let [from, to] = [0, 1].map(|n: usize| days[n].to_string());
        let spec = parse(RangeParams { from: Some(&from), to: Some(&to), ..RangeParams::default() }).unwrap();
        prop_assert_eq!(spec.days(), days);
    }

    #[test]
    fn days_count_back_from_now_and_the_default_from_the_end(days in 1..=3_650_u32, default in 1..=3_650_u32, to in instants(), now in instants()) {
        let given = RangeSpec::parse(&RangeParams { days: Some(days), ..RangeParams::default() }, Some(default));
        let range = given.unwrap().at(now.1, no_days).unwrap();
        prop_assert_eq!((range.from(), range.to()), (now.1.days_before(days), now.1));
        let ended = RangeSpec::parse(&RangeParams { to: Some(&to.0), ..RangeParams::default() }, Some(default));
        let range = ended.unwrap().at(now.1, no_days).unwrap();
        prop_assert_eq!((range.from(), range.to()), (to.1.days_before(default), to.1));
    }

    #[test]
    fn days_stand_alone(days in any::<u32>(), from in of("\\PC*"), to in of("\\PC*")) {
        let params = RangeParams { from: from.as_deref(), to: to.as_deref(), days: Some(days), timezone: None };
        let alone = from.is_none() && to.is_none();
        prop_assert_eq!(parse(params).err(), (!alone).then_some(RangeError::DaysBeside));
    }

    #[test]
    fn no_text_is_too_strange(from in of("\\PC*"), to in of("[-0-9TZ:+. ]*"), timezone in of("\\PC*")) {
        let params = RangeParams { from: from.as_deref(), to: to.as_deref(), days: None, timezone: timezone.as_deref() };
        if let Ok(spec) = parse(params) {
            prop_assert_eq!(spec.zone(), timezone.as_deref());
        }
    }
}
