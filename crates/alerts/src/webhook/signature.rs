//! How a receiver knows that an alert comes from here, and not from long ago.

use hmac::{Hmac, KeyInit, Mac};
use model::Timestamp;
use sha2::Sha256;

/// `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`
pub(super) fn header(secret: &[u8], now: Timestamp, body: &[u8]) -> String {
    let seconds = now.millis().div_euclid(1_000);
    // A key of any length will do.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
    mac.update(seconds.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    format!("t={seconds},v1={}", hex::encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_openssl() {
        // printf '1764000000.{"id":"a"}' | openssl dgst -sha256 -hmac secret
        let now = Timestamp::from_millis(1_764_000_000_999).unwrap();
        let expected = "t=1764000000,v1=996eae0cf9aa900dfc28a7ab6483ac137341963f158f182680df3be556f4446c";
        assert_eq!(header(b"secret", now, br#"{"id":"a"}"#), expected);
    }
}
