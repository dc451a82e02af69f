//! When an event happened, by the clock of whoever sent it.

use serde_json::value::RawValue;
use time::Date;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::wire::object::Object;
use crate::wire::values::filled_string;
use crate::wire::{Intake, WireError, times};
use crate::{Text, Timestamp};

/// A date whose month and day may have one digit.
const DATE: &[BorrowedFormatItem<'_>] =
    format_description!(version = 2, "[year]-[month padding:none]-[day padding:none]");

/// When an event happened: its `timestamp`, else its `originalTimestamp`, else now. One that can't be read is as
/// if absent.
///
/// A clock that goes wrong is not corrected, since the event's id hangs on its time. Only of one that is ahead
/// of the window it is known, if the event has a `sentAt` of the same clock, how long before the request the
/// event happened.
pub(super) fn happened(event: &Object<'_>, intake: &Intake<'_>) -> Result<Timestamp, WireError> {
    let sent = ["timestamp", "originalTimestamp"].into_iter().find_map(|name| read(event.get(name)));
    let mut at = sent.unwrap_or(intake.now);
    if intake.window.ends_before(at)
        && let Some(sent_at) = read(event.get("sentAt"))
        && let Some(corrected) =
            Timestamp::from_millis(intake.now.millis() - (sent_at.millis() - at.millis()))
    {
        at = corrected;
    }
    if intake.window.contains(at) {
        return Ok(at);
    }
    Err(WireError::InvalidField { field: "timestamp", expected: intake.window.to_string() })
}

fn read(value: Option<&RawValue>) -> Option<Timestamp> {
    match value?.get().as_bytes().first() {
        Some(b'"') => of_text(&filled_string(value)?),
        _ => times::of_number(value?.get().parse().ok()?),
    }
}

/// RFC 3339, or nearly: one digit for the month or the day, a space for the `T`, a date alone.
fn of_text(text: &Text<'_>) -> Option<Timestamp> {
    Timestamp::parse(text).or_else(|| {
        let (date, rest) = text.split_once(['T', 't', ' ']).unwrap_or((text, "00:00:00Z"));
        Timestamp::parse(&format!("{}T{rest}", Date::parse(date, DATE).ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(json: &str) -> Option<String> {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        read(Some(raw)).map(|at| at.to_string())
    }

    #[test]
    fn all_forms_that_clients_write_are_read() {
        for (json, at) in [
            (r#""2026-11-25T20:39:59.853+00:00""#, "2026-11-25T20:39:59.853Z"),
            (r#""2026-11-25T20:40:09.341456+00:00""#, "2026-11-25T20:40:09.341Z"),
            (r#""2026-11-25T21:16:13+00:00""#, "2026-11-25T21:16:13.000Z"),
            (r#""2026-11-25T22:16:13+02:00""#, "2026-11-25T20:16:13.000Z"),
            (r#""2026-11-25T20:43:39.533Z""#, "2026-11-25T20:43:39.533Z"),
            (r#""2026-11-25T20:54:16.449999999Z""#, "2026-11-25T20:54:16.449Z"),
            (r#""2026-11-25T20:54:16.4Z""#, "2026-11-25T20:54:16.400Z"),
            (r#""2026-11-25T20:54:16.4493576+01:00""#, "2026-11-25T19:54:16.449Z"),
            (r#""2015-2-02T00:30:08.276Z""#, "2015-02-02T00:30:08.276Z"),
            (r#""2015-02-2T00:30:08Z""#, "2015-02-02T00:30:08.000Z"),
            (r#""2015-2-2 00:30:08+01:00""#, "2015-02-01T23:30:08.000Z"),
            (r#""2026-11-25 20:54:16.449Z""#, "2026-11-25T20:54:16.449Z"),
            (r#""2026-11-25t20:54:16z""#, "2026-11-25T20:54:16.000Z"),
            (r#""2026-11-25""#, "2026-11-25T00:00:00.000Z"),
            (r#""2026-1-5""#, "2026-01-05T00:00:00.000Z"),
            ("1795639822591", "2026-11-25T20:50:22.591Z"),
            ("1795639822591.9", "2026-11-25T20:50:22.591Z"),
            ("1795639822", "2026-11-25T20:50:22.000Z"),
            ("1795639822.123", "2026-11-25T20:50:22.123Z"),
            ("1795639822.1239", "2026-11-25T20:50:22.123Z"),
            ("1.795639822e9", "2026-11-25T20:50:22.000Z"),
            ("100000000000", "5138-11-16T09:46:40Z"),
            ("100000000001", "1973-03-03T09:46:40.001Z"),
            ("0", "1970-01-01T00:00:00.000Z"),
        ] {
            // No event happens that late.
            let expected = (!at.starts_with('5')).then(|| at.to_owned());
            assert_eq!(read_text(json), expected, "{json}");
        }
    }

    #[test]
    fn what_is_no_time_is_as_if_absent() {
        for json in [
            r#""""#,
            r#""yesterday""#,
            r#""2026-11-25T20:54:16""#,
            r#""2026-13-25""#,
            r#""2026-11-31""#,
            r#""1795639822591""#,
            r#""T""#,
            r#"" ""#,
            r#""2026-11-25T""#,
            "-1",
            "1e300",
            "true",
            "{}",
            r#"["2026-11-25"]"#,
        ] {
            assert_eq!(read_text(json), None, "{json}");
        }
    }
}
