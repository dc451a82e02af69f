//! Numbers that are checked when they are read: finite, and for times not negative.

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::value::RawValue;

/// Milliseconds; 0 means not measured. Finite and not negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Latency(f64);

impl Latency {
    /// `None` when negative, infinite or not a number.
    pub fn from_millis(millis: f64) -> Option<Self> {
        // `+ 0.0` turns a negative zero into zero.
        (millis.is_finite() && millis >= 0.0).then_some(Self(millis + 0.0))
    }

    /// Milliseconds.
    pub fn millis(self) -> f64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Latency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let millis = f64::deserialize(deserializer)?;
        Self::from_millis(millis)
            .ok_or_else(|| de::Error::custom("must be a finite number that is not negative"))
    }
}

/// A vector of finite single-precision numbers.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Embedding(Vec<f32>);

impl Embedding {
    /// `None` when a number is infinite or not a number.
    pub fn new(numbers: Vec<f32>) -> Option<Self> {
        numbers.iter().all(|number| number.is_finite()).then_some(Self(numbers))
    }

    /// The numbers.
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }
}

/// From JSON text in memory alone, as [`RawValue`] is.
impl<'de> Deserialize<'de> for Embedding {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = <&RawValue>::deserialize(deserializer)?.get();
        numbers(json).map(Self).map_err(de::Error::custom)
    }
}

/// The numbers of a JSON array. Of thousands for each event, reading them is most of the work.
fn numbers(json: &str) -> Result<Vec<f32>, String> {
    let wanted = "must be a list of numbers within single precision";
    let list = json.strip_prefix('[').and_then(|list| list.strip_suffix(']')).ok_or(wanted)?;
    let mut rest = list.trim_ascii().as_bytes();
    // More or less: most of them have ten digits.
    let mut numbers = Vec::with_capacity(rest.len() / 12);
    while !rest.is_empty() {
        let read = fast_float2::parse_partial::<f32, _>(rest).ok().filter(|(number, _)| number.is_finite());
        let next = read.and_then(|(number, length)| {
            let behind = rest.get(length..)?.trim_ascii_start();
            numbers.push(number);
            if behind.is_empty() { Some(behind) } else { Some(behind.strip_prefix(b",")?.trim_ascii_start()) }
        });
        rest = next.ok_or_else(|| format!("{wanted}, and [{}] is none", numbers.len()))?;
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_is_finite_and_not_negative() {
        assert_eq!(Latency::from_millis(12.5).map(Latency::millis), Some(12.5));
        for bad in [-0.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(Latency::from_millis(bad), None);
        }
        assert!(serde_json::from_str::<Latency>("\"5\"").is_err());
    }

    #[test]
    fn a_latency_is_the_number_nearest_to_what_was_sent_and_stays_it() {
        let sent = format!("12.55555555555{}", "1".repeat(100));
        let latency: Latency = serde_json::from_str(&sent).unwrap();
        assert_eq!(latency.millis().to_bits(), sent.parse::<f64>().unwrap().to_bits());
        let again: Latency = serde_json::from_str(&serde_json::to_string(&latency).unwrap()).unwrap();
        assert_eq!(again, latency);
    }

    #[test]
    fn an_embedding_beyond_single_precision_is_refused() {
        assert_eq!(serde_json::from_str::<Embedding>("[0.1,2]").unwrap().as_slice(), [0.1, 2.0]);
        assert!(serde_json::from_str::<Embedding>("[1e39]").is_err());
        assert_eq!(serde_json::from_str::<Embedding>("[ ]").unwrap(), Embedding::default());
        let spaced = serde_json::from_str::<Embedding>("[ 1e-3 ,\n-0.5E1\t]").unwrap();
        assert_eq!(spaced.as_slice(), [0.001, -5.0]);
        for bad in ["[null]", "[\"1\"]", "[[1]]", "[1,]", "[NaN]", "[+1]", "[.5]", "{}", "1"] {
            assert!(serde_json::from_str::<Embedding>(bad).is_err(), "{bad}");
        }
    }
}
