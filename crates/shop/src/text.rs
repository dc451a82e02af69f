//! Text to fill events with: made once, used in pieces.

use std::fmt::Write;

use crate::number::{mix, place};

const TEXT_BYTES: usize = 64 << 10;
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
}
