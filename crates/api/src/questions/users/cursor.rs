//! Where a page of users ended, whatever list they are of.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde::de::{self, Deserializer};
use store::Range;
use store::queries::{UserMark, UserOrder};

use crate::cursor::{read_range, write_range};
use crate::parameters;

/// The last user of a page, and the period that the first page was about. As text three times in milliseconds, the
/// letter of the list, what the last user is sorted by, and the user in URL-safe base64:
/// `0.1795639822123.1795639822123.s.1795639000000.YWRh`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::questions) struct Cursor {
    pub(in crate::questions) range: Range,
    pub(in crate::questions) list: List,
    pub(in crate::questions) after: UserMark,
}

/// What users are listed of, and in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::questions) enum List {
    All(UserOrder),
    Funnel,
    Cohort,
}

/// `cursor`: the `next_cursor` of an earlier answer.
pub(in crate::questions) fn cursor<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Cursor>, D::Error> {
    let Some(text) = parameters::text(deserializer)? else { return Ok(None) };
    Cursor::parse(&text).map(Some).ok_or_else(|| de::Error::custom(parameters::BAD_CURSOR))
}

impl Cursor {
    /// `None` if the text is no cursor.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let range = read_range(&mut parts)?;
        let list = match parts.next()? {
            "s" => List::All(UserOrder::LastSeen),
            "e" => List::All(UserOrder::Events),
            "f" => List::Funnel,
            "c" => List::Cohort,
            _ => return None,
        };
        let weight = number(parts.next()?)?;
        let user = String::from_utf8(BASE64.decode(parts.next()?).ok()?).ok()?;
        parts.next().is_none().then_some(Self { range, list, after: UserMark { weight, user } })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = match self.list {
            List::All(UserOrder::LastSeen) => 's',
            List::All(UserOrder::Events) => 'e',
            List::Funnel => 'f',
            List::Cohort => 'c',
        };
        let UserMark { weight, user } = &self.after;
        write_range(f, &self.range)?;
        write!(f, ".{list}.{weight}.{}", BASE64.encode(user))
    }
}

fn number(text: &str) -> Option<i64> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_nothing_else_is() {
        let at = |millis| Timestamp::from_millis(millis).unwrap();
        let range = Range::new(at(0), at(1_795_639_822_123), at(1_795_639_822_000)).unwrap();
        for list in [List::All(UserOrder::LastSeen), List::All(UserOrder::Events), List::Funnel, List::Cohort]
        {
            for user in ["ada", "anon:a.b&c", "Ünal\n", ""] {
                let after = UserMark { weight: 7, user: user.to_owned() };
                let cursor = Cursor { range, list, after };
                let text = cursor.to_string();
                assert!(
                    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)),
                    "{text}"
                );
                assert_eq!(Cursor::parse(&text), Some(cursor));
            }
        }
        for other in [
            "",
            "0.1.1.s.7",
            "0.1.1.s.7.YWRh.",
            "0.1.1.x.7.YWRh",
            "0.1.1.s.-7.YWRh",
            "0.1.1.s.7.a+b=",
            "0.1.1.s.7._w",
            "1.1.1.s.7.YWRh",
            "0.1.99999999999999.s.7.YWRh",
        ] {
            assert_eq!(Cursor::parse(other), None, "{other}");
        }
    }
}
