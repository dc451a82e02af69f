//! Calendar periods: the widths of buckets.

use std::str::FromStr;

use model::Timestamp;
use serde::Deserialize;

use super::{Range, RangeError};

/// Buckets of one question.
const MAX_BUCKETS: i64 = 10_000;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// A local calendar period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// `minute`
    Minute,
    /// `hour`
    Hour,
    /// `day`: of 24 hours, or 23 or 25 where the clocks change.
    Day,
    /// `week`, from Monday or Sunday on.
    Week,
    /// `month`
    Month,
}

/// The day on which weeks begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WeekStart {
    /// `monday`, as ISO 8601 has it.
    #[default]
    Monday,
    /// `sunday`
    Sunday,
}

const NAMES: [(&str, Interval); 5] = [
    ("minute", Interval::Minute),
    ("hour", Interval::Hour),
    ("day", Interval::Day),
    ("week", Interval::Week),
    ("month", Interval::Month),
];

impl Interval {
    /// The interval of this name; `None` of `auto`, which lets the range decide.
    pub fn parse(name: &str) -> Result<Option<Self>, RangeError> {
        if name == "auto" {
            return Ok(None);
        }
        let known = NAMES.into_iter().find(|(known, _)| *known == name).map(|(_, interval)| interval);
        known.map(Some).ok_or_else(|| RangeError::Interval(name.chars().take(64).collect()))
    }

    /// As requests write it.
    pub fn as_str(self) -> &'static str {
        NAMES.into_iter().find(|(_, interval)| *interval == self).map_or("", |(name, _)| name)
    }

    /// What suits a range where nothing else is asked for: 60 to 120 buckets of it, or less.
    pub fn of(range: &Range) -> Self {
        match range.to().millis() - range.from().millis() {
            ..=7_200_000 => Self::Minute,
            7_200_001..=259_200_000 => Self::Hour,
            long if long <= 120 * DAY_MS => Self::Day,
            long if long <= 730 * DAY_MS => Self::Week,
            _ => Self::Month,
        }
    }

    /// An error if the range has too many of it.
    pub(super) fn check(self, range: &Range) -> Result<(), RangeError> {
        let shortest = match self {
            Self::Minute => MINUTE_MS,
            Self::Hour => HOUR_MS,
            Self::Day => DAY_MS,
            Self::Week => 7 * DAY_MS,
            Self::Month => 28 * DAY_MS,
        };
        if (range.to().millis() - range.from().millis()) / shortest > MAX_BUCKETS {
            return Err(RangeError::TooManyBuckets { interval: self.as_str(), most: MAX_BUCKETS });
        }
        Ok(())
    }

    /// No period is shorter, so that of times so many milliseconds apart each period has one; the clocks of some
    /// zones change by half an hour.
    pub(super) fn step_ms(self) -> i64 {
        match self {
            Self::Minute => MINUTE_MS,
            Self::Hour => HOUR_MS / 4,
            Self::Day => 6 * HOUR_MS,
            Self::Week | Self::Month => DAY_MS,
        }
    }

    /// No period is longer than so many milliseconds.
    pub(super) fn longest_ms(self) -> i64 {
        match self {
            Self::Minute => 2 * MINUTE_MS,
            Self::Hour => 3 * HOUR_MS,
            // A calendar has left out a day.
            Self::Day => 3 * DAY_MS,
            Self::Week => 9 * DAY_MS,
            Self::Month => 33 * DAY_MS,
        }
    }
}

impl WeekStart {
    /// The mode of the server's `toStartOfWeek`.
    pub(super) fn mode(self) -> u8 {
        match self {
            Self::Sunday => 0,
            Self::Monday => 1,
        }
    }
}

impl FromStr for WeekStart {
    type Err = RangeError;

    fn from_str(name: &str) -> Result<Self, RangeError> {
        match name {
            "monday" => Ok(Self::Monday),
            "sunday" => Ok(Self::Sunday),
            _ => Err(RangeError::WeekStart),
        }
    }
}

/// Times on the way from one to another, each so many milliseconds behind the one before.
pub(super) fn steps(from: Timestamp, to_ms: i64, step_ms: i64) -> u64 {
    u64::try_from((to_ms - from.millis()) / step_ms + 1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(days: i64) -> Range {
        let time = |ms| Timestamp::from_millis(ms).unwrap();
        Range::new(time(0), time(days * DAY_MS), time(0)).unwrap()
    }

    #[test]
    fn the_range_decides_on_the_interval() {
        let of = |ms| {
            let time = |ms| Timestamp::from_millis(ms).unwrap();
            Interval::of(&Range::new(time(0), time(ms), time(0)).unwrap())
        };
        assert_eq!((of(2 * HOUR_MS), of(2 * HOUR_MS + 1)), (Interval::Minute, Interval::Hour));
        assert_eq!((of(72 * HOUR_MS), of(72 * HOUR_MS + 1)), (Interval::Hour, Interval::Day));
        assert_eq!((of(120 * DAY_MS), of(120 * DAY_MS + 1)), (Interval::Day, Interval::Week));
        assert_eq!((of(730 * DAY_MS), of(730 * DAY_MS + 1)), (Interval::Week, Interval::Month));
    }

    #[test]
    fn there_are_not_too_many_buckets() {
        assert_eq!(Interval::Day.check(&days(10_000)), Ok(()));
        let error = Interval::Hour.check(&days(417)).unwrap_err().to_string();
        assert_eq!(error, "the range has more than 10000 buckets of one hour: ask for a longer interval");
    }

    #[test]
    fn an_interval_is_called_as_it_is_asked_for() {
        for (name, interval) in NAMES {
            assert_eq!((Interval::parse(name), interval.as_str()), (Ok(Some(interval)), name));
        }
        assert_eq!(Interval::parse("auto"), Ok(None));
        assert!(Interval::parse("year").unwrap_err().to_string().contains("\"year\""));
    }
}
