//! Vectors to fill events with: made once, used again and again.

use shop::number::{mix, place};

const VECTORS: u64 = 64;

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
    fn a_vector_is_a_json_array_of_its_dimensions() {
        let vector: Vec<f32> = serde_json::from_str(Vectors::new(1_536).piece(99)).unwrap();
        assert_eq!(vector.len(), 1_536);
        assert!(vector.iter().all(|value| value.abs() <= 0.1));
        assert!(vector.iter().any(|value| *value < 0.0));
    }
}
