//! Where a page of users ended, whatever list they are of.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde::Deserialize;
use serde::de::{self, Deserializer};
use store::Range;
use store::queries::{UserMark, UserOrder};
use utoipa::IntoParams;

use crate::asked::Asked;
use crate::cursor::{read_range, write_range};
use crate::error::ApiError;
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

/// Which page of a list of users is wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Page {
    /// The most users of an answer.
    #[serde(deserialize_with = "parameters::short_limit")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub(in crate::questions) limit: u16,
    /// The `next_cursor` of an earlier answer, whose period it goes on with.
    #[serde(deserialize_with = "cursor")]
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

impl Default for Page {
    fn default() -> Self {
        Self { limit: 100, cursor: None }
    }
}

impl Page {
    /// Behind whom it begins, if it is no first one; an error if the cursor is of another list.
    pub(in crate::questions) fn after(&self, list: List) -> Result<Option<&UserMark>, ApiError> {
        if self.cursor.as_ref().is_some_and(|cursor| cursor.list != list) {
            let words = match list {
                List::All(_) => "cursor is of a list in another order",
                List::Funnel | List::Cohort => "cursor is of another list",
            };
            return Err(ApiError::Invalid(words.to_owned()));
        }
        Ok(self.cursor.as_ref().map(|cursor| &cursor.after))
    }

    /// About the times of the first page.
    pub(in crate::questions) fn within(&self, asked: Asked) -> Asked {
        match &self.cursor {
            Some(cursor) => asked.within(cursor.range),
            None => asked,
        }
    }
}

fn cursor<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cursor>, D::Error> {
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
