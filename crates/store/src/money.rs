//! Amounts of money, exact: the digits that were sent, cut to 4 places. No float comes near them.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

use serde::{Serialize, Serializer, ser};
use serde_json::value::RawValue;

/// Places behind the point.
const PLACES: i64 = 4;

/// The smallest amount is one of so many parts of 1.
const PARTS: i128 = 10_000;

/// Digits before the point at most, so that billions of amounts can be added.
const MAX_DIGITS: i64 = 24;

/// An amount of some currency in ten-thousandths. Written as a JSON number with the digits that it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i128);

impl Money {
    /// Reads the JSON text of a number, or of a string that is a plain decimal: digits, perhaps with a minus
    /// before them, perhaps with a point and digits behind them.
    pub(crate) fn read(json: &str) -> Option<Self> {
        match json.strip_prefix('"') {
            // What has an escape is no decimal, or nobody writes it so.
            Some(text) => Self::decimal(text.strip_suffix('"')?, 0),
            None => match json.split_once(['e', 'E']) {
                None => Self::decimal(json, 0),
                Some((digits, exponent)) => Self::decimal(digits, self::exponent(exponent)),
            },
        }
    }

    /// A decimal times ten to a power.
    fn decimal(text: &str, exponent: i64) -> Option<Self> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = unsigned.split_once('.').map_or((unsigned, None), |(a, b)| (a, Some(b)));
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !are_digits(whole) || !fraction.is_none_or(are_digits) {
            return None;
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.unwrap_or_default());
        let significant = if whole.is_empty() { fraction.trim_start_matches('0') } else { fraction };
        if whole.is_empty() && significant.is_empty() {
            return Some(Self::default());
        }
        // How many of the digits, and of the zeros that may be thought behind them, are not cut off.
        let length = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX / 4);
        let places = length(whole) - (length(fraction) - length(significant)) + exponent + PLACES;
        if places > MAX_DIGITS + PLACES {
            return None;
        }
        let digits = whole.bytes().chain(significant.bytes());
        let zeros = std::iter::repeat(b'0');
        let cut = usize::try_from(places).unwrap_or_default();
        let parts = digits.chain(zeros).take(cut).fold(0, |sum, digit| sum * 10 + i128::from(digit - b'0'));
        Some(Self(if text.starts_with('-') { -parts } else { parts }))
    }

    /// So many ten-thousandths.
    pub(crate) fn of_parts(parts: i128) -> Self {
        Self(parts)
    }

    /// How many ten-thousandths it is.
    pub(crate) fn parts(self) -> i128 {
        self.0
    }

    /// Its share of one of so many, rounded to 4 places, halves away from zero; of none there is none.
    pub(crate) fn per(self, count: u64) -> Option<Self> {
        let count = i128::from(count);
        let rounded = self.0.checked_div(count)?;
        let rest = (self.0 % count).abs();
        Some(Self(if 2 * rest >= count { rounded + self.0.signum() } else { rounded }))
    }

    /// The whole number that it is, if it is one.
    pub(crate) fn whole(self) -> Option<i64> {
        if self.0 % PARTS == 0 { i64::try_from(self.0 / PARTS).ok() } else { None }
    }
}

/// The number behind the `e`; one that is too long for it is far beyond every amount.
fn exponent(text: &str) -> i64 {
    let far = if text.starts_with('-') { i64::MIN / 4 } else { i64::MAX / 4 };
    text.parse().unwrap_or(far).clamp(i64::MIN / 4, i64::MAX / 4)
}

impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Money {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parts, sign) = (self.0.unsigned_abs(), if self.0 < 0 { "-" } else { "" });
        let (whole, fraction) = (parts / PARTS.unsigned_abs(), parts % PARTS.unsigned_abs());
        if fraction == 0 {
            return write!(f, "{sign}{whole}");
        }
        write!(f, "{sign}{whole}.{}", format!("{fraction:04}").trim_end_matches('0'))
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string()).map_err(ser::Error::custom)?.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(json: &str) -> Option<String> {
        Money::read(json).map(|money| money.to_string())
    }

    #[test]
    fn the_digits_are_kept_and_cut_to_4_places() {
        for (json, expected) in [
            ("12345678901234.5678", "12345678901234.5678"),
            ("\"12345678901234.5678\"", "12345678901234.5678"),
            ("64.32", "64.32"),
            ("0.1", "0.1"),
            ("5", "5"),
            ("5.0", "5"),
            ("-19.990", "-19.99"),
            ("\"-0.00019\"", "-0.0001"),
            ("0.99999999999999999", "0.9999"),
            ("-0.00009", "0"),
            ("-0", "0"),
            ("\"007.50\"", "7.5"),
            ("1e2", "100"),
            ("1.5E-3", "0.0015"),
            ("123.456789e+2", "12345.6789"),
            ("1999e-6", "0.0019"),
            ("0.000e99999999999999999999", "0"),
            ("7e-99999999999999999999", "0"),
            ("1e-400", "0"),
            ("999999999999999999999999.9999", "999999999999999999999999.9999"),
        ] {
            assert_eq!(read(json).as_deref(), Some(expected), "{json}");
        }
    }

    #[test]
    fn what_is_no_decimal_is_no_amount() {
        for json in [
            "\"1,234.50\"",
            "\"\"",
            "null",
            "\"1e2\"",
            "\"+5\"",
            "\" 5\"",
            "\"5 \"",
            "\"5.\"",
            "\".5\"",
            "\"-\"",
            "\"--5\"",
            "\"\u{665}\"",
            "\"5.0.0\"",
            "\"0x5\"",
            "\"NaN\"",
            "\"\\u0035\"",
            "true",
            "[5]",
            "{\"a\":5}",
            "",
            "\"",
            "1e24",
            "1000000000000000000000000",
            "1e99999999999999999999",
        ] {
            assert_eq!(read(json), None, "{json}");
        }
    }

    #[test]
    fn quotients_are_rounded_to_4_places() {
        let per = |text: &str, count| Money::read(text).unwrap().per(count).map(|money| money.to_string());
        assert_eq!(per("10", 3).as_deref(), Some("3.3333"));
        assert_eq!(per("20", 3).as_deref(), Some("6.6667"));
        assert_eq!(per("0.0001", 2).as_deref(), Some("0.0001"));
        assert_eq!(per("-0.0003", 2).as_deref(), Some("-0.0002"));
        assert_eq!(per("0.0004", 9).as_deref(), Some("0"));
        assert_eq!(per("5", 0), None);
    }

    #[test]
    fn a_whole_number_is_one_without_places() {
        assert_eq!(Money::read("\"12\"").unwrap().whole(), Some(12));
        assert_eq!(Money::read("-3.0").unwrap().whole(), Some(-3));
        assert_eq!(Money::read("2.5").unwrap().whole(), None);
        assert_eq!(Money::read("99999999999999999999").unwrap().whole(), None);
    }

    proptest! {
        #[test]
        fn amounts_are_written_as_they_are_read(parts in -PARTS.pow(7)..PARTS.pow(7)) {
            let money = Money(parts);
            prop_assert_eq!(Money::read(&serde_json::to_string(&money).unwrap()), Some(money));
            prop_assert_eq!(Money::read(&format!("\"{money}\"")), Some(money));
        }

        #[test]
        fn a_point_is_where_the_exponent_puts_it(digits in 1_i64..1_000_000_000, exponent in -12_i32..12) {
            let power = 10_i128.pow(exponent.unsigned_abs());
            let scaled = i128::from(digits) * PARTS;
            let expected = if exponent < 0 { scaled / power } else { scaled * power };
            prop_assert_eq!(Money::read(&format!("{digits}e{exponent}")), Some(Money(expected)));
        }
    }
}
