//! Event ids: UUIDs whose first 48 bits are the event's Unix milliseconds.

use std::fmt;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::SystemTime;

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

    /// A new id of version 7 for an event of this time. Those of one millisecond are in the order in which
    /// they were made, by one process or, as far as their clocks agree, by several.
    pub fn new(at: Timestamp) -> Self {
        let tail = tail(arrival(), at, rand::random());
        // Spread over rand_a (12 bits) and rand_b (62 bits) of RFC 9562, section 5.7.
        let spread = ((tail >> 62) << 64) | (tail & ((1 << 62) - 1));
        let mut bytes = [0; 10];
        for (to, from) in bytes.iter_mut().zip(spread.to_be_bytes().into_iter().skip(6)) {
            *to = from;
        }
        let millis = u64::try_from(at.millis()).unwrap_or_default();
        Self(Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
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

/// Unix microseconds of the last arrival. Ids of one process have arrivals that only grow.
static LAST_ARRIVAL: AtomicI64 = AtomicI64::new(0);

/// The host's clock, or a microsecond more than the last answer where that is not later.
fn arrival() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(since.as_micros()).unwrap_or_default();
    let mut last = LAST_ARRIVAL.load(Relaxed);
    loop {
        let next = now.max(last + 1);
        match LAST_ARRIVAL.compare_exchange_weak(last, next, Relaxed, Relaxed) {
            Ok(_) => return next,
            Err(newer) => last = newer,
        }
    }
}

/// What stands behind the time of a version 7 id, so that ids of one millisecond grow with their arrival:
/// whether the event lies in the future (0) or not (1), then 73 bits. These are the length of the
/// distance between event and arrival (6 bits), the distance in microseconds without its first
/// bit, and random bits; all of them are inverted for an event in the future.
///
/// A plain clock of 48 bits would leave 26 random ones, and repeat what the id's time says already. So an
/// event of now keeps at least 58 random bits behind a microsecond: of 100,000 ids that some processes make
/// in a second two are the same once in a million years. An event of an hour ago keeps 36, one of a
/// year ago 23. That matters only to processes that all name the same millisecond at once: at 20,000 ids a
/// second two are the same once in ten years, or once in 800 million ids. One process makes no id twice.
fn tail(arrival: i64, at: Timestamp, random: u128) -> u128 {
    const BITS: u32 = 73;
    const LENGTH_BITS: u32 = 6;
    let delay = arrival - at.millis() * 1_000;
    let distance = u128::from(delay.unsigned_abs());
    let length = u128::BITS - distance.leading_zeros();
    let kept = length.saturating_sub(1);
    let room = BITS - LENGTH_BITS - kept;
    let low = |number: u128, bits: u32| number & ((1 << bits) - 1);
    let magnitude =
        (u128::from(length) << (BITS - LENGTH_BITS)) | (low(distance, kept) << room) | low(random, room);
    if delay < 0 { low(!magnitude, BITS) } else { (1 << BITS) | magnitude }
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

    #[test]
    fn ids_made_one_after_the_other_grow_whatever_time_they_name() {
        for ahead in [-86_400_000, -1_000, -1, 0, 1, 5, 86_400_000] {
            let at = Timestamp::from_millis(Timestamp::now().millis() + ahead).unwrap();
            let made: Vec<_> = (0..2_000).map(|_| EventId::new(at)).collect();
            assert!(made.is_sorted_by(|a, b| a < b), "{ahead} ms ahead");
            assert!(made.iter().all(|id| id.created_at() == at), "{ahead} ms ahead");
        }
    }

    #[test]
    fn threads_never_make_the_same_id_or_step_back() {
        let at = Timestamp::now();
        let threads: Vec<_> = (0..4)
            .map(|_| std::thread::spawn(move || (0..5_000).map(|_| EventId::new(at)).collect::<Vec<_>>()))
            .collect();
        let mut all = Vec::new();
        for thread in threads {
            let made = thread.join().unwrap();
            assert!(made.is_sorted());
            all.extend(made);
        }
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 20_000);
    }

    #[test]
    fn an_event_of_now_keeps_most_of_its_bits_random() {
        let at = Timestamp::from_millis(1_800_000_000_000).unwrap();
        for (delay, random) in [(999, 58), (-999, 58), (3_600_000_000, 36), (365 * 86_400_000_000, 23)] {
            let [none, all] = [0, u128::MAX].map(|bits| tail(at.millis() * 1_000 + delay, at, bits));
            assert_eq!((none ^ all).count_ones(), random, "{delay} µs");
        }
    }

    proptest! {
        #[test]
        fn an_id_carries_its_time_and_reads_back(millis in 0..=Timestamp::MAX.millis()) {
            let at = Timestamp::from_millis(millis).unwrap();
            let id = EventId::new(at);
            prop_assert_eq!(id.created_at(), at);
            prop_assert_eq!(id.uuid().get_version_num(), 7);
            prop_assert_eq!(EventId::parse(&id.to_string()), Ok(id));
        }

        #[test]
        fn of_one_millisecond_a_later_arrival_has_the_greater_tail(
            millis in 0..=Timestamp::MAX.millis(),
            arrival in 0..2 * Timestamp::MAX.millis() * 1_000,
            later in 1_i64..10_000_000_000,
            random in any::<[u128; 2]>(),
        ) {
            let at = Timestamp::from_millis(millis).unwrap();
            let [first, second] = [(arrival, random[0]), (arrival + later, random[1])];
            let [first, second] = [first, second].map(|(arrival, random)| tail(arrival, at, random));
            prop_assert!(first < second && second < 1 << 74);
        }
    }
}
