//! Lengths of time, as people write them.

use std::fmt;

use crate::Timestamp;

const MAX_MS: i64 = 366 * 86_400_000;

/// A length of time, such as `15m`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    text: String,
    millis: i64,
}

impl Span {
    /// A whole number of `ms`, `s`, `m`, `h`, `d` or `w`, more than none and at most 366 days.
    pub fn parse(text: &str) -> Option<Self> {
        let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let millis: i64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 7 * 86_400_000,
            _ => return None,
        };
        let number: i64 = text.strip_suffix(unit)?.parse().ok()?;
        let millis = number.checked_mul(millis).filter(|millis| (1..=MAX_MS).contains(millis))?;
        Some(Self { text: text.to_owned(), millis })
    }

    /// So many times 24 hours.
    pub fn days(days: u16) -> Self {
        Self { text: format!("{days}d"), millis: i64::from(days) * 86_400_000 }
    }

    /// In milliseconds.
    pub fn millis(&self) -> i64 {
        self.millis
    }

    /// So much before a time.
    pub fn before(&self, at: Timestamp) -> Timestamp {
        Timestamp::from_millis(at.millis() - self.millis).unwrap_or_default()
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_whole_number_of_a_unit() {
        for (text, millis) in [("1ms", 1), ("90s", 90_000), ("24h", 86_400_000), ("2w", 14 * 86_400_000)] {
            assert_eq!(Span::parse(text).map(|span| span.millis()), Some(millis), "{text}");
        }
        for text in ["", "7", "d", "0s", "-1d", "+1d", "1.5h", "1 d", "1D", "367d", "99999999999999999999d"] {
            assert_eq!(Span::parse(text), None, "{text}");
        }
    }

    #[test]
    fn before_all_times_is_the_first_one() {
        let (day, at) = (Span::parse("1d").unwrap(), Timestamp::from_millis(86_400_001).unwrap());
        assert_eq!(day.before(at).millis(), 1);
        assert_eq!(day.before(day.before(at)), Timestamp::default());
    }
}
