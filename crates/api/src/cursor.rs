//! Where a page ended.

use std::fmt;

use model::{EventId, Timestamp};
use store::Range;
use store::queries::Mark;

/// The last event of a page, and the period that its first page was about: all pages are about the same, so that they
/// fit together while writes go on. As text three times in milliseconds and the id, `0.1795639822123.1795639822123.01a1…`,
/// and in a list of the slowest the bits of its latency.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cursor {
    pub(crate) range: Range,
    pub(crate) after: Mark,
}

impl Cursor {
    /// `None` if the text is no cursor.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let range = read_range(&mut parts)?;
        let id = EventId::parse(parts.next()?).ok()?;
        let latency = parts.next().map(latency).map_or(Some(None), |latency| latency.map(Some))?;
        parts.next().is_none().then_some(Self { range, after: Mark { id, latency } })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_range(f, &self.range)?;
        write!(f, ".{}", self.after.id)?;
        self.after.latency.map_or(Ok(()), |latency| write!(f, ".{:x}", latency.to_bits()))
    }
}

/// The period that all pages are about, which every cursor begins with.
pub(crate) fn read_range<'a>(parts: &mut impl Iterator<Item = &'a str>) -> Option<Range> {
    let [from, to, now] = [time(parts.next()?)?, time(parts.next()?)?, time(parts.next()?)?];
    Range::new(from, to, now).ok()
}

/// What [`read_range`] reads, three times with points between them.
pub(crate) fn write_range(f: &mut fmt::Formatter<'_>, range: &Range) -> fmt::Result {
    let [from, to, now] = [range.from(), range.to(), range.now()].map(Timestamp::millis);
    write!(f, "{from}.{to}.{now}")
}

fn time(millis: &str) -> Option<Timestamp> {
    let is_number = millis.bytes().all(|byte| byte.is_ascii_digit());
    Timestamp::from_millis(millis.parse().ok().filter(|_| is_number)?)
}

fn latency(bits: &str) -> Option<f64> {
    let is_number = bits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let latency = f64::from_bits(u64::from_str_radix(bits, 16).ok().filter(|_| is_number)?);
    Some(latency).filter(|latency| latency.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_nothing_else_is() {
        let at = |millis| Timestamp::from_millis(millis).unwrap();
        let range = Range::new(at(0), at(1_795_639_822_123), at(1_795_639_822_000)).unwrap();
        let id = EventId::new(at(1_795_639_000_000));
        let cursor = |latency| Cursor { range, after: Mark { id, latency } };
        for latency in [None, Some(0.1 + 0.2), Some(f64::MAX)] {
            assert_eq!(Cursor::parse(&cursor(latency).to_string()), Some(cursor(latency)));
        }
        let text = cursor(None).to_string();
        for other in [
            String::new(),
            id.to_string(),
            format!("{text}."),
            format!("{text}.x"),
            format!("{text}.+1"),
            format!("{text}.7ff0000000000000"),
            format!("{text}.1.1"),
            format!("+{text}"),
            format!("1.1.1.{id}"),
            format!("0.1.99999999999999.{id}"),
            format!("0.1.-1.{id}"),
            "0.1.1.x".to_owned(),
            "0.1.1".to_owned(),
        ] {
            assert_eq!(Cursor::parse(&other), None, "{other}");
        }
    }
}
