//! Points in time, in milliseconds, and the window in which new events may lie.

use std::fmt;
use std::time::SystemTime;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const DAY_MS: i64 = 86_400_000;

/// Milliseconds since the Unix epoch, between 1970 and the end of 2299 (what ClickHouse's
/// `DateTime64(3)` holds). Written as RFC 3339 in UTC with milliseconds and `Z`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 2299-12-31T23:59:59.999Z.
    pub const MAX: Self = Self(10_413_791_999_999);

    /// The host's clock.
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)).unwrap_or(Self::MAX)
    }

    /// `None` when out of range.
    pub fn from_millis(millis: i64) -> Option<Self> {
        (0..=Self::MAX.0).contains(&millis).then_some(Self(millis))
    }

    /// Milliseconds since the Unix epoch.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// How many calendar months after January 1970 it lies, in UTC: each is a partition of the table.
    pub fn month(self) -> u32 {
        let utc = OffsetDateTime::from_unix_timestamp(self.0.div_euclid(1_000))
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        // Never before 1970.
        u32::try_from((utc.year() - 1970) * 12).unwrap_or_default() + u32::from(u8::from(utc.month())) - 1
    }

    /// Reads RFC 3339 with any offset; fractions of a millisecond are cut off. `None` when it is
    /// not RFC 3339 or out of range.
    pub fn parse(text: &str) -> Option<Self> {
        Self::of(OffsetDateTime::parse(text, &Rfc3339).ok()?)
    }

    /// The millisecond in which an instant lies. `None` when out of range.
    pub(crate) fn of(instant: OffsetDateTime) -> Option<Self> {
        let millis = instant.unix_timestamp_nanos().div_euclid(1_000_000);
        Self::from_millis(i64::try_from(millis).ok()?)
    }

    /// So many times 24 hours earlier, but not before 1970.
    #[must_use]
    pub fn days_before(self, days: u32) -> Self {
        Self((self.0 - i64::from(days) * DAY_MS).max(0))
    }

    /// The time as RFC 3339, made without the machinery of `fmt`: every message and every returned event has several.
    fn text(self) -> [u8; 24] {
        let seconds = self.0.div_euclid(1_000);
        let utc = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let (hour, minute, second) = utc.to_hms();
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let mut put = |end: usize, digits: usize, mut number: u32| {
            for place in text.iter_mut().take(end).rev().take(digits) {
                // One digit.
                *place = b'0' + u8::try_from(number % 10).unwrap_or_default();
                number /= 10;
            }
        };
        put(4, 4, utc.year().unsigned_abs());
        put(7, 2, u8::from(utc.month()).into());
        put(10, 2, utc.day().into());
        put(13, 2, hour.into());
        put(16, 2, minute.into());
        put(19, 2, second.into());
        put(23, 3, u32::try_from(self.0.rem_euclid(1_000)).unwrap_or_default());
        text
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.text()).unwrap_or_default())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(str::from_utf8(&self.text()).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("expected an RFC 3339 time between 1970 and 2299"))
    }
}

/// The times at which a new event may have happened: some days back to one day ahead of now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    oldest: i64,
    newest: i64,
    max_age_days: u32,
}

impl Window {
    /// The window around `now`.
    pub fn around(now: Timestamp, max_age_days: u32) -> Self {
        Self { oldest: now.0 - i64::from(max_age_days) * DAY_MS, newest: now.0 + DAY_MS, max_age_days }
    }

    /// Whether an event may have happened then.
    pub fn contains(&self, at: Timestamp) -> bool {
        !self.begins_after(at) && !self.ends_before(at)
    }

    /// Whether that was too long ago.
    pub fn begins_after(&self, at: Timestamp) -> bool {
        at.0 < self.oldest
    }

    /// Whether that is too far ahead.
    pub fn ends_before(&self, at: Timestamp) -> bool {
        at.0 > self.newest
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "between {} days ago and one day ahead", self.max_age_days)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn offsets_and_fractions_are_read_and_utc_milliseconds_written() {
        let at = Timestamp::parse("2026-11-20T23:57:13.123987+02:00").unwrap();
        assert_eq!(at.to_string(), "2026-11-20T21:57:13.123Z");
        assert_eq!(Timestamp::parse("1970-01-01T00:00:00Z").unwrap().millis(), 0);
        assert_eq!(Timestamp::MAX.to_string(), "2299-12-31T23:59:59.999Z");
    }

    #[test]
    fn other_texts_and_other_centuries_are_refused() {
        for bad in [
            "",
            "yesterday",
            "2026-11-20",
            "2026-13-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "2300-01-01T00:00:00Z",
        ] {
            assert_eq!(Timestamp::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn the_window_ends_a_day_ahead() {
        let now = Timestamp::parse("2026-11-20T12:00:00Z").unwrap();
        let window = Window::around(now, 10);
        assert!(window.contains(Timestamp::parse("2026-11-21T12:00:00Z").unwrap()));
        assert!(!window.contains(Timestamp::parse("2026-11-21T12:00:00.001Z").unwrap()));
        assert!(window.contains(Timestamp::parse("2026-11-10T12:00:00Z").unwrap()));
        assert!(!window.contains(Timestamp::parse("2026-11-10T11:59:59.999Z").unwrap()));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(millis in 0..=Timestamp::MAX.0) {
            let at = Timestamp(millis);
            prop_assert_eq!(Timestamp::parse(&at.to_string()), Some(at));
        }
    }
}
