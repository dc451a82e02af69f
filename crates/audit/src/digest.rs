//! What is kept of a text that is too large to be kept: enough to tell it from every other.

use std::fmt;

use sha2::{Digest as _, Sha256};

/// The length and the SHA-256 of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digest {
    bytes: usize,
    sha256: [u8; 32],
}

impl Digest {
    /// Texts of fewer bytes are kept themselves.
    pub const FROM: usize = 4 << 10;

    /// The digest of a text.
    pub fn of(text: &str) -> Self {
        Self { bytes: text.len(), sha256: Sha256::digest(text).into() }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes with SHA-256 ", self.bytes)?;
        self.sha256.iter().take(8).try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str("…")
    }
}
