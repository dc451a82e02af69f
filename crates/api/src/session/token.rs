//! What a session's cookie holds: a key by its hash, a time, and a signature.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// As much as the signature takes in at once.
pub(super) type Secret = [u8; 64];

/// What is signed: whether it is for TLS alone, the two times, the key's hash.
const SIGNED_BYTES: usize = 1 + 8 + 8 + 32;

/// A session as it was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// Whether its cookie is for connections with TLS alone.
    pub(super) is_secure: bool,
    /// When it is over unless it is used, in Unix milliseconds.
    pub(super) expires_ms: i64,
    /// When it is over however often it is used, in Unix milliseconds.
    pub(super) ends_ms: i64,
    /// The SHA-256 of the key.
    pub(super) key: [u8; 32],
}

impl Token {
    /// As text, with a signature.
    pub(super) fn signed(&self, secret: &Secret) -> String {
        let bytes = self.bytes();
        let signature = mac(secret, &bytes).finalize().into_bytes();
        BASE64_URL_SAFE_NO_PAD.encode([&bytes[..], &signature].concat())
    }

    /// What was signed with this secret. Takes the same time whatever is wrong with the signature.
    pub(super) fn read(text: &str, secret: &Secret) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let (signed, signature) = bytes.split_first_chunk::<SIGNED_BYTES>()?;
        mac(secret, signed).verify_slice(signature).ok()?;
        let (secure, rest) = signed.split_first()?;
        let (expires, rest) = rest.split_first_chunk()?;
        let (ends, key) = rest.split_first_chunk()?;
        Some(Self {
            is_secure: *secure == 1,
            expires_ms: i64::from_be_bytes(*expires),
            ends_ms: i64::from_be_bytes(*ends),
            key: key.try_into().ok()?,
        })
    }

    fn bytes(&self) -> [u8; SIGNED_BYTES] {
        let mut bytes = [0; SIGNED_BYTES];
        let (secure, rest) = bytes.split_at_mut(1);
        let (expires, rest) = rest.split_at_mut(8);
        let (ends, key) = rest.split_at_mut(8);
        secure.fill(self.is_secure.into());
        expires.copy_from_slice(&self.expires_ms.to_be_bytes());
        ends.copy_from_slice(&self.ends_ms.to_be_bytes());
        key.copy_from_slice(&self.key);
        bytes
    }
}

fn mac(secret: &Secret, bytes: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new(secret.into());
    mac.update(bytes);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: Secret = [7; 64];
    const TOKEN: Token =
        Token { is_secure: true, expires_ms: 1_795_000_000_000, ends_ms: 1_796_000_000_000, key: [5; 32] };

    #[test]
    fn what_was_signed_is_read() {
        let plain = Token { is_secure: false, ..TOKEN };
        for token in [TOKEN, plain] {
            assert_eq!(Token::read(&token.signed(&SECRET), &SECRET), Some(token));
        }
        assert_eq!(Token::read(&TOKEN.signed(&SECRET), &[8; 64]), None);
    }

    #[test]
    fn no_changed_byte_goes_unseen() {
        let signed = BASE64_URL_SAFE_NO_PAD.decode(TOKEN.signed(&SECRET)).unwrap();
        let read = |bytes: &[u8]| Token::read(&BASE64_URL_SAFE_NO_PAD.encode(bytes), &SECRET);
        for place in 0..signed.len() {
            let mut changed = signed.clone();
            changed[place] ^= 1;
            assert_eq!(read(&changed), None, "{place}");
            assert_eq!(read(&signed[..place]), None, "{place}");
        }
        assert_eq!(read(&[&signed[..], &[0]].concat()), None);
        assert_eq!(Token::read("", &SECRET), None);
        assert_eq!(Token::read("no base64!", &SECRET), None);
    }
}
