//! Lengths of time, as people write them.

use std::fmt;

use model::Timestamp;

const MAX_MS: u64 = 366 * 86_400_000;

/// A length of time, such as `15m`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    text: String,
    millis: u64,
}

impl Span {
    /// A whole number of `ms`, `s`, `m`, `h`, `d` or `w`, more than none and at most 366 days.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let millis: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 7 * 86_400_000,
            _ => return None,
        };
        let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
        let millis = number.checked_mul(millis).filter(|millis| (1..=MAX_MS).contains(millis))?;
        Some(Self { text: text.to_owned(), millis })
    }

    /// So much before a time.
    pub(crate) fn before(&self, at: Timestamp) -> Timestamp {
        let millis = i64::try_from(self.millis).unwrap_or(i64::MAX);
        Timestamp::from_millis(at.millis() - millis).unwrap_or_default()
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
