//! Where a page of users ended.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use store::Range;
use store::queries::{UserMark, UserOrder};

use crate::cursor::{read_range, write_range};

/// The last user of a page, and the period that the first page was about. As text three times in milliseconds, the
/// letter of the order, what the last user is sorted by, and the user in URL-safe base64:
/// `0.1795639822123.1795639822123.s.1795639000000.YWRh`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) range: Range,
    pub(super) order: UserOrder,
    pub(super) after: UserMark,
}

impl Cursor {
    /// `None` if the text is no cursor.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let range = read_range(&mut parts)?;
        let order = match parts.next()? {
            "s" => UserOrder::LastSeen,
            "e" => UserOrder::Events,
            _ => return None,
        };
        let weight = number(parts.next()?)?;
        let user = String::from_utf8(BASE64.decode(parts.next()?).ok()?).ok()?;
        parts.next().is_none().then_some(Self { range, order, after: UserMark { weight, user } })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = match self.order {
            UserOrder::LastSeen => 's',
            UserOrder::Events => 'e',
        };
        let UserMark { weight, user } = &self.after;
        write_range(f, &self.range)?;
        write!(f, ".{order}.{weight}.{}", BASE64.encode(user))
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
        for order in [UserOrder::LastSeen, UserOrder::Events] {
            for user in ["ada", "anon:a.b&c", "Ünal\n", ""] {
                let after = UserMark { weight: 7, user: user.to_owned() };
                let cursor = Cursor { range, order, after };
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
