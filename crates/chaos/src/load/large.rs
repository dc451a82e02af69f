//! Large texts, a few among many small ones.

use std::fmt::Write;

use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};

use audit::digest::Digest;

/// Of so many creates and updates one has a large text.
const ONE_OF: u32 = 200;
/// How long one is, at least and at most, in bytes. An API and a broker take a megabyte, escapes and other
/// fields included.
const LEAST: usize = 10_000;
const MOST: usize = 900_000;
/// How often the least length is doubled at most: as many are between 10 and 20 kB as between 320 and 640.
const DOUBLINGS: u32 = 6;
/// What stands between random numbers.
const BETWEEN: [&str; 6] = [" ", "é", "\"", "\n", "\\", "日本"];

/// A text, or an object that holds one, and the field that it is sent in.
pub(super) enum Large {
    Output(String),
    Properties(Box<RawValue>),
}

impl Large {
    /// Now and then one.
    pub(super) fn draw(dice: &mut StdRng) -> Option<Self> {
        if !dice.random_ratio(1, ONE_OF) {
            return None;
        }
        let least = LEAST << dice.random_range(0..=DOUBLINGS);
        let text = text(dice.random_range(least..=MOST.min(2 * least)), dice);
        if dice.random_bool(0.5) {
            return Some(Self::Output(text));
        }
        to_raw_value(&json!({ "text": text })).ok().map(Self::Properties)
    }

    /// The name of the field, and what it holds.
    pub(super) fn digest(&self) -> (&'static str, Digest) {
        match self {
            Self::Output(text) => ("output", Digest::of(text)),
            Self::Properties(json) => ("properties", Digest::of(json.get())),
        }
    }
}

fn text(bytes: usize, dice: &mut StdRng) -> String {
    let mut text = String::with_capacity(bytes + 32);
    while text.len() < bytes {
        let between = BETWEEN.get(dice.random_range(..BETWEEN.len())).copied().unwrap_or_default();
        // Into memory: nothing that can fail.
        let _ = write!(text, "{:x}{between}", dice.random::<u64>());
    }
    text
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::super::body;
    use super::*;

    /// What the API and the brokers take.
    const LIMIT: usize = 1_000_000;

    #[test]
    fn few_are_large_and_those_of_every_length_up_to_what_is_taken() {
        let mut dice = StdRng::seed_from_u64(1);
        let all: Vec<_> = (0..20_000).filter_map(|_| Large::draw(&mut dice)).collect();
        assert!((60..140).contains(&all.len()), "{}", all.len());
        let lengths: Vec<_> =
            all.iter().map(|large| body::update("x", Some(large), &mut dice).len()).collect();
        assert!(lengths.iter().all(|length| (LEAST..LIMIT).contains(length)), "{lengths:?}");
        assert!(lengths.iter().any(|length| *length < 20_000));
        assert!(lengths.iter().any(|length| *length > 640_000));
    }

    #[test]
    fn no_two_are_alike() {
        let mut dice = StdRng::seed_from_u64(1);
        let all: Vec<_> = (0..5_000).filter_map(|_| Large::draw(&mut dice)).collect();
        let different: std::collections::HashSet<_> = all.iter().map(Large::digest).collect();
        assert_eq!(different.len(), all.len());
    }
}
