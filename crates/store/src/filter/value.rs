//! What a field is compared with.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::{Serialize, Serializer};

/// Numbers that the server writes in digits, though they have more than 15 of them.
pub(super) const LONG: std::ops::Range<f64> = 1e15..1e21;

/// A text, a number or a boolean.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    text: String,
    number: Option<f64>,
}

impl Value {
    /// Of a number its digits, of a boolean `true` or `false`.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Of a number, and of a text that is a number in JSON.
    pub(super) fn number(&self) -> Option<f64> {
        self.number
    }
}

/// A number is written as its text, which is compared as a number just the same.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        // `+ 0.0` turns a negative zero into zero.
        let number = json_number(text).filter(|number| number.is_finite()).map(|number| number + 0.0);
        Self { text: text.to_owned(), number }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self { text: value.to_string(), number: None }
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        // As the server writes it: 5.0 is 5, and 1e21 is 1e21.
        let in_digits = number == 0.0 || (1e-6..1e21).contains(&number.abs());
        let text = if in_digits { number.to_string() } else { format!("{number:e}") };
        Self { text, number: Some(number + 0.0) }
    }
}

/// The number that a text is in JSON; infinite beyond double precision.
pub(super) fn json_number(text: &str) -> Option<f64> {
    if is_json_number(text) { text.parse().ok() } else { None }
}

fn is_json_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (text, None),
    };
    let (whole, fraction) = number.split_once('.').map_or((number, None), |(a, b)| (a, Some(b)));
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(digits)
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl Visitor<'_> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number or a boolean")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    // Integers keep all of their digits.
    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(number.to_string().as_str().into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(number.to_string().as_str().into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }
}
