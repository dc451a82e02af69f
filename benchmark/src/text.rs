//! Text and vectors to fill events with: made once, used in pieces.

use std::fmt::Write;

use crate::number::{mix, place};

const TEXT_BYTES: usize = 64 << 10;
const VECTORS: u64 = 64;
const WORDS: [&str; 16] = [
    "the", "question", "of", "an", "answer", "that", "takes", "some", "time", "model", "was", "asked", "for",
    "more", "tokens", "today",
];

/// Words without end, compressible about as prose is.
#[derive(Clone, Debug)]
pub struct Text(String);

impl Text {
    /// At least 64 KiB, and `longest` bytes more than that.
    pub fn new(longest: usize) -> Self {
        let mut text = String::new();
        let mut seed = 0;
        while text.len() < TEXT_BYTES + longest {
            let bits = mix(seed);
            seed += 1;
            text += WORDS.get(place(bits, WORDS.len())).copied().unwrap_or_default();
            // A number now and then, so that no two stretches are alike.
            let _ = if bits >> 61 == 0 { write!(text, " {} ", bits >> 48) } else { write!(text, " ") };
        }
        Self(text)
    }

    /// So many bytes, at a place that `seed` decides.
    pub fn piece(&self, seed: u64, bytes: usize) -> &str {
        let begin = place(mix(seed), TEXT_BYTES);
        self.0.get(begin..begin + bytes).unwrap_or_default()
    }
}

/// Embeddings as JSON arrays.
#[derive(Clone, Debug)]
pub struct Vectors(Vec<String>);

impl Vectors {
    /// Of so many dimensions, between -0.1 and 0.1 as those of language models are.
    pub fn new(dimensions: usize) -> Self {
        let value = |seed: u64| {
            let [high, low, ..] = mix(seed).to_be_bytes();
            f32::from(u16::from_be_bytes([high, low])) / 65_536.0 * 0.2 - 0.1
        };
        let vector = |number: u64| {
            let seeds = (0..dimensions as u64).map(|i| number << 32 | i);
            let values: Vec<String> = seeds.map(|seed| value(seed).to_string()).collect();
            format!("[{}]", values.join(","))
        };
        Self((0..VECTORS).map(vector).collect())
    }

    /// One of them.
    pub fn piece(&self, seed: u64) -> &str {
        self.0.get(place(seed, self.0.len())).map_or("[]", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_have_the_length_asked_for_and_differ() {
        let text = Text::new(10_000);
        for seed in 0..1_000 {
            assert_eq!(text.piece(seed, 10_000).len(), 10_000);
        }
        assert_eq!(text.piece(1, 50), text.piece(1, 50));
        assert_ne!(text.piece(1, 50), text.piece(2, 50));
    }

    #[test]
    fn a_vector_is_a_json_array_of_its_dimensions() {
        let vector: Vec<f32> = serde_json::from_str(Vectors::new(1_536).piece(99)).unwrap();
        assert_eq!(vector.len(), 1_536);
        assert!(vector.iter().all(|value| value.abs() <= 0.1));
        assert!(vector.iter().any(|value| *value < 0.0));
    }
}
