//! `Idempotency-Key`: a change that is sent again with the key of its first time is done once.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use bus::Record;
use model::{IdempotencyKey, message};

use crate::error::ApiError;

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
const LONGEST: usize = 255;

/// The key that a request names, if it names one.
pub(super) struct Named<'a>(Option<&'a [u8]>);

impl<'a> Named<'a> {
    /// One key of 1 to 255 printable ASCII characters, or none.
    pub(super) fn of(headers: &'a HeaderMap) -> Result<Self, ApiError> {
        let mut all = headers.get_all(HEADER).iter().map(HeaderValue::as_bytes);
        let (key, more) = (all.next(), all.next());
        let is_good = |key: &[u8]| {
            (1..=LONGEST).contains(&key.len()) && key.iter().all(|byte| (b' '..=b'~').contains(byte))
        };
        if more.is_some() || !key.is_none_or(is_good) {
            return Err(ApiError::Invalid(format!(
                "Idempotency-Key must be one of 1 to {LONGEST} printable ASCII characters"
            )));
        }
        Ok(Self(key))
    }

    /// Sends it with the record.
    pub(super) fn put_on(&self, record: &mut Record) {
        record.headers.extend(self.0.map(|key| (message::IDEMPOTENCY_KEY.to_owned(), key.to_vec())));
    }

    /// As the table has it.
    pub(super) fn stored(&self) -> Option<IdempotencyKey> {
        self.0.map(IdempotencyKey::of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(keys: &[&str]) -> HeaderMap {
        keys.iter().map(|key| (HEADER, HeaderValue::from_bytes(key.as_bytes()).unwrap())).collect()
    }

    #[test]
    fn a_key_is_short_printable_and_alone() {
        let good = ["k".repeat(255), "a b~!".into(), "018f-…".replace('…', ".")];
        for key in &good {
            assert!(Named::of(&named(&[key])).unwrap().stored() == Some(IdempotencyKey::of(key.as_bytes())));
        }
        assert!(Named::of(&named(&[])).unwrap().stored().is_none());
        for bad in [&[""][..], &[&"k".repeat(256)], &["é"], &["a\tb"], &["a", "a"]] {
            assert!(Named::of(&named(bad)).is_err(), "{bad:?}");
        }
    }
}
