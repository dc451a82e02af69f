//! Times as .NET, Python and JavaScript write them.

use std::borrow::Cow;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::Timestamp;

/// What .NET writes for a date that nobody has set, up to its fraction and zone.
const UNSET: &str = "0001-01-01T00:00:00";

/// Numbers above this are milliseconds, others seconds: 1973 as milliseconds, the year 5138 as seconds.
const MOST_SECONDS: f64 = 1e11;

/// What a text says of a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Moment {
    /// Nothing: nobody has set it.
    Unset,
    /// When it is.
    At(OffsetDateTime),
}

/// RFC 3339 with any number of digits of a second, of which nine count; without a zone it is UTC. `None` if it is no time.
pub(super) fn read(text: &str) -> Option<Moment> {
    // Behind the date a sign or a letter can only begin the zone.
    let has_zone = text.get(UNSET.len()..).is_some_and(|rest| rest.contains(['Z', 'z', '+', '-']));
    let text = if has_zone { Cow::Borrowed(text) } else { Cow::Owned(format!("{text}Z")) };
    let moment = OffsetDateTime::parse(&text, &Rfc3339).ok()?;
    let is_unset = text.starts_with(UNSET) && moment.nanosecond() == 0;
    Some(if is_unset { Moment::Unset } else { Moment::At(moment) })
}

/// Unix milliseconds or seconds. `None` if it is out of range.
pub(super) fn of_number(number: f64) -> Option<Timestamp> {
    // A double says seconds of our time to a quarter of a microsecond: what is less than a whole millisecond by
    // that is one.
    let millis = if number > MOST_SECONDS { number } else { number.mul_add(1e3, 5e-4) };
    let in_range = (0.0..=1e14).contains(&millis);
    #[expect(clippy::cast_possible_truncation, reason = "it is in range, and fractions are to be cut off")]
    in_range.then_some(millis as i64).and_then(Timestamp::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        Some(match read(text)? {
            Moment::Unset => "unset".into(),
            Moment::At(moment) => Timestamp::of(moment).map_or("beyond".into(), |at| at.to_string()),
        })
    }

    #[test]
    fn a_time_without_a_zone_is_utc() {
        for (text, at) in [
            ("2026-11-20T01:00:00.1234567", "2026-11-20T01:00:00.123Z"),
            ("2026-11-20T01:00:00.1234567Z", "2026-11-20T01:00:00.123Z"),
            ("2026-11-20T01:00:00", "2026-11-20T01:00:00.000Z"),
            ("2026-11-20T01:00:00.123456+00:00", "2026-11-20T01:00:00.123Z"),
            ("2026-11-20T01:00:00.123456789012Z", "2026-11-20T01:00:00.123Z"),
            ("2026-11-20T01:00:00.5-05:00", "2026-11-20T06:00:00.500Z"),
            ("2026-11-20t01:00:00z", "2026-11-20T01:00:00.000Z"),
            ("9999-12-31T23:59:59.9999999", "beyond"),
            ("9999-12-31T23:59:59.9999999-05:00", "beyond"),
            ("0001-01-01T00:00:00", "unset"),
            ("0001-01-01T00:00:00Z", "unset"),
            ("0001-01-01T00:00:00.0000000", "unset"),
            ("0001-01-01T00:00:00+00:00", "unset"),
            ("0001-01-01T00:00:00.0000001", "beyond"),
            ("0001-01-01T00:00:01", "beyond"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(at), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_times() {
        for text in [
            "",
            "Z",
            "soon",
            "1795639822",
            "2026-11-20",
            "2026-13-20T01:00:00",
            "2026-11-20T25:00:00",
            "2026-11-20T01:00",
            "2026-11-20T01:00:00 Z",
            "2026-11-20T01:00:00.",
            "/Date(1795639822591)/",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
