//! Changes that carry a key, so that the same one sent twice is done once.

use sha2::{Digest, Sha256};

use crate::message;

/// Which change it is, in the words of whoever asks for it: the first 8 bytes of the SHA-256 of the key as
/// sent, as a number with the first byte in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(u64);

impl IdempotencyKey {
    /// The hash of a key as the caller sent it.
    pub fn of(sent: &[u8]) -> Self {
        let digest = Sha256::digest(sent);
        Self(digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// The key that the headers of a record name. An empty one counts as none.
    pub fn find(headers: &[(String, Vec<u8>)]) -> Option<Self> {
        let (_, sent) = headers.iter().find(|(name, _)| name == message::IDEMPOTENCY_KEY)?;
        (!sent.is_empty()).then(|| Self::of(sent))
    }
}

/// The keys of the last changes of one event that were applied and had one, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppliedKeys(Vec<u64>);

impl AppliedKeys {
    /// How many keys an event's row remembers.
    pub const MOST: usize = 8;

    /// Whether the change of this key was applied, as far as is remembered.
    pub fn contains(&self, key: IdempotencyKey) -> bool {
        self.0.contains(&key.0)
    }

    /// Remembers that the change of this key was applied, and forgets the oldest beyond [`Self::MOST`].
    pub fn push(&mut self, key: IdempotencyKey) {
        if self.0.len() >= Self::MOST {
            self.0.drain(..=self.0.len() - Self::MOST);
        }
        self.0.push(key.0);
    }

    /// The keys as the table's column `idempotency_keys` holds them.
    pub fn as_slice(&self) -> &[u64] {
        &self.0
    }

    /// The bytes that the keys take on the heap.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(self.0.as_slice())
    }
}

impl From<Vec<u64>> for AppliedKeys {
    fn from(stored: Vec<u64>) -> Self {
        Self(stored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_beginning_of_its_sha_256() {
        // `printf abc | sha256sum`
        assert_eq!(IdempotencyKey::of(b"abc"), IdempotencyKey(0xba78_16bf_8f01_cfea));
    }

    #[test]
    fn only_the_last_keys_are_remembered() {
        let key = |n: usize| IdempotencyKey::of(&n.to_be_bytes());
        let mut applied = AppliedKeys::default();
        for n in 0..20 {
            applied.push(key(n));
            assert_eq!(applied.as_slice().len(), AppliedKeys::MOST.min(n + 1));
        }
        let known: Vec<_> = (0..20).filter(|n| applied.contains(key(*n))).collect();
        assert!(known.into_iter().eq(12..20));
    }
}
