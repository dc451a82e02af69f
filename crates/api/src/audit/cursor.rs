//! Where a page of a trail ended.

use std::fmt;

use model::{EventId, Timestamp};
use store::Range;

/// The last event of a page, and the period that its first page was about: all pages are about the same, so that they
/// fit together while writes go on. As text three times in milliseconds and the id: `0.1795639822123.1795639822123.01a1…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) range: Range,
    pub(super) after: EventId,
}

impl Cursor {
    /// `None` if the text is no cursor.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let [from, to, now] = [time(parts.next()?)?, time(parts.next()?)?, time(parts.next()?)?];
        let after = EventId::parse(parts.next()?).ok()?;
        let range = Range::new(from, to, now).ok()?;
        parts.next().is_none().then_some(Self { range, after })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [from, to, now] = [self.range.from(), self.range.to(), self.range.now()].map(Timestamp::millis);
        write!(f, "{from}.{to}.{now}.{}", self.after)
    }
}

fn time(millis: &str) -> Option<Timestamp> {
    let is_number = millis.bytes().all(|byte| byte.is_ascii_digit());
    Timestamp::from_millis(millis.parse().ok().filter(|_| is_number)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_nothing_else_is() {
        let at = |millis| Timestamp::from_millis(millis).unwrap();
        let range = Range::new(at(0), at(1_795_639_822_123), at(1_795_639_822_000)).unwrap();
        let cursor = Cursor { range, after: EventId::new(at(1_795_639_000_000)) };
        let text = cursor.to_string();
        assert_eq!(Cursor::parse(&text), Some(cursor.clone()));
        let id = cursor.after;
        for other in [
            String::new(),
            id.to_string(),
            format!("{text}."),
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
