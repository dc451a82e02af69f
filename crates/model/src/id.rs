//! Event ids: UUIDs whose first 48 bits are the event's Unix milliseconds.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid, Variant};

use crate::{Source, Tenant, Timestamp};

/// A UUID of version 7 (random) or 8 (derived). `created_at` is read off it, so the id alone says
/// where in the table the event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(Uuid);

/// Why a text can't be the id of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not 36 characters of hyphenated hexadecimal.
    #[error("not a UUID")]
    Malformed,
    /// A UUID, but its first bits are no time.
    #[error("not a UUID of version 7 or 8")]
    OtherVersion,
    /// Its time is later than 2299.
    #[error("its time is beyond the year 2299")]
    ImpossibleTime,
}

impl EventId {
    /// Reads the hyphenated form, in either case.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if text.len() != 36 {
            return Err(IdError::Malformed);
        }
        Self::from_uuid(Uuid::try_parse(text).map_err(|_| IdError::Malformed)?)
    }

    /// Checks version, variant and time.
    pub fn from_uuid(uuid: Uuid) -> Result<Self, IdError> {
        if !matches!(uuid.get_version_num(), 7 | 8) || uuid.get_variant() != Variant::RFC4122 {
            return Err(IdError::OtherVersion);
        }
        Timestamp::from_millis(millis_of(uuid)).ok_or(IdError::ImpossibleTime)?;
        Ok(Self(uuid))
    }

    /// The id of an event that has an id of its own in another system: 48 bits of time and 74 bits
    /// of SHA-256 over tenant, source and that id. The same message always gets the same id.
    pub fn derive(tenant: &Tenant, source: Source, message_id: &str, at: Timestamp) -> Self {
        let mut hash = Sha256::new();
        for part in [tenant.as_str(), source.as_str(), message_id] {
            hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().skip(6).zip(hash.finalize()) {
            *to = from;
        }
        for (to, from) in bytes.iter_mut().zip(at.millis().to_be_bytes().into_iter().skip(2)) {
            *to = from;
        }
        Self(Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// When the event happened.
    pub fn created_at(self) -> Timestamp {
        Timestamp::from_millis(millis_of(self.0)).unwrap_or_default()
    }

    /// The UUID.
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

fn millis_of(uuid: Uuid) -> i64 {
    // 48 bits always fit.
    i64::try_from(uuid.as_u128() >> 80).unwrap_or(i64::MAX)
}

/// Makes version 7 ids whose order within one millisecond is the order in which they were made.
#[derive(Debug)]
pub struct IdSequence {
    tail: u128,
}

impl IdSequence {
    const TAIL_BITS: u32 = 74;

    /// A sequence at a random place.
    pub fn new() -> Self {
        // The top bit stays free, so that no batch can overflow the tail.
        Self { tail: rand::random::<u128>() >> (128 - Self::TAIL_BITS + 1) }
    }

    /// The next id at the given time.
    pub fn next(&mut self, at: Timestamp) -> EventId {
        self.tail += 1 + u128::from(rand::random::<u32>());
        let mut bytes = [0; 10];
        let tail = self.tail & ((1 << Self::TAIL_BITS) - 1);
        // Spread over rand_a (12 bits) and rand_b (62 bits) of RFC 9562, section 5.7.
        let spread = ((tail >> 62) << 64) | (tail & ((1 << 62) - 1));
        for (to, from) in bytes.iter_mut().zip(spread.to_be_bytes().into_iter().skip(6)) {
            *to = from;
        }
        let millis = u64::try_from(at.millis()).unwrap_or_default();
        EventId(Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
    }
}

impl Default for IdSequence {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut buffer = Uuid::encode_buffer();
        serializer.serialize_str(self.0.as_hyphenated().encode_lower(&mut buffer))
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_hyphenated_uuids_of_version_7_or_8_are_ids() {
        assert!(EventId::parse("019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5b").is_ok());
        assert!(EventId::parse("019AA2B1-C3D4-8E5F-8A9B-0C1D2E3F4A5B").is_ok());
        assert_eq!(EventId::parse("019aa2b1-c3d4-4e5f-8a9b-0c1d2e3f4a5b"), Err(IdError::OtherVersion));
        assert_eq!(EventId::parse("019aa2b1-c3d4-7e5f-0a9b-0c1d2e3f4a5b"), Err(IdError::OtherVersion));
        assert_eq!(EventId::parse("ffffffff-ffff-7e5f-8a9b-0c1d2e3f4a5b"), Err(IdError::ImpossibleTime));
        for malformed in
            ["", "x", "019aa2b1c3d47e5f8a9b0c1d2e3f4a5b", "{019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5}"]
        {
            assert_eq!(EventId::parse(malformed), Err(IdError::Malformed), "{malformed}");
        }
    }

    #[test]
    fn a_derived_id_depends_on_tenant_source_message_and_time() {
        let at = Timestamp::parse("2026-11-20T00:00:00Z").unwrap();
        let later = Timestamp::parse("2026-11-21T00:00:00Z").unwrap();
        let acme = Tenant::parse("acme").unwrap();
        let id = EventId::derive(&acme, Source::Segment, "m-1", at);
        assert_eq!(id, EventId::derive(&acme, Source::Segment, "m-1", at));
        assert_eq!(id.uuid().get_version_num(), 8);
        assert_eq!(id.created_at(), at);
        for other in [
            EventId::derive(&Tenant::default(), Source::Segment, "m-1", at),
            EventId::derive(&acme, Source::Redis, "m-1", at),
            EventId::derive(&acme, Source::Segment, "m-2", at),
            EventId::derive(&acme, Source::Segment, "m-1", later),
        ] {
            assert_ne!(id, other);
        }
    }

    proptest! {
        #[test]
        fn an_id_carries_its_time_and_reads_back(millis in 0..=Timestamp::MAX.millis()) {
            let at = Timestamp::from_millis(millis).unwrap();
            let id = IdSequence::new().next(at);
            prop_assert_eq!(id.created_at(), at);
            prop_assert_eq!(EventId::parse(&id.to_string()), Ok(id));
        }

        #[test]
        fn ids_of_one_sequence_grow_within_a_millisecond(count in 2_usize..200) {
            let (mut ids, at) = (IdSequence::new(), Timestamp::now());
            let made: Vec<_> = (0..count).map(|_| ids.next(at)).collect();
            prop_assert!(made.is_sorted_by(|a, b| a.uuid().as_bytes() < b.uuid().as_bytes()));
        }
    }
}
