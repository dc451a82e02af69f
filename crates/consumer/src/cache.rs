//! Rows this consumer looked up and wrote lately, so that a further update needs no look-up.
//!
//! Only a row whose key was looked up may enter; a blind write takes its key out. When partitions
//! are revoked everything goes: somebody else writes those events then.

use std::collections::{HashMap, HashSet};

use model::EventKey;
use quick_cache::Weighter;
use quick_cache::unsync::Cache as Bounded;
use store::{State, Stored};

/// What an entry takes beside the event: key, version and the cache's own.
const ENTRY_BYTES: usize = 256;

#[derive(Clone)]
struct Bytes;

impl Weighter<EventKey, Stored> for Bytes {
    fn weight(&self, _: &EventKey, stored: &Stored) -> u64 {
        let content = match &stored.state {
            State::Live(event) => event.content.bytes(),
            State::Deleted { .. } => 0,
        };
        u64::try_from(ENTRY_BYTES + content).unwrap_or(u64::MAX)
    }
}

/// Holds at most so many bytes of rows.
pub(crate) struct Cache {
    rows: Bounded<EventKey, Stored, Bytes>,
}

impl Cache {
    pub(crate) fn new(max_bytes: u64) -> Self {
        let typical = usize::try_from(max_bytes / 2_048).unwrap_or(usize::MAX);
        Self { rows: Bounded::with_weighter(typical, max_bytes, Bytes) }
    }

    /// The rows it has of these keys, and the keys it has none of.
    pub(crate) fn split(&self, keys: &HashSet<EventKey>) -> (HashMap<EventKey, Stored>, Vec<EventKey>) {
        let (mut known, mut missing) = (HashMap::new(), Vec::new());
        for key in keys {
            match self.rows.get(key) {
                Some(stored) => drop(known.insert(key.clone(), stored.clone())),
                None => missing.push(key.clone()),
            }
        }
        (known, missing)
    }

    /// Takes over what a batch wrote. `stored` is what the table held of the keys that were looked up.
    pub(crate) fn learn(
        &mut self,
        written: Vec<(EventKey, Stored)>,
        stored: HashMap<EventKey, Stored>,
        looked_up: &HashSet<EventKey>,
    ) {
        for (key, row) in stored {
            self.rows.insert(key, row);
        }
        for (key, row) in written {
            if looked_up.contains(&key) {
                self.rows.insert(key, row);
            } else {
                self.rows.remove(&key);
            }
        }
    }

    pub(crate) fn clear(&mut self) {
        self.rows.clear();
    }
}

#[cfg(test)]
mod tests {
    use model::{EventId, Position, Tenant, Timestamp, Version, Write};

    use super::*;

    fn key(name: &str) -> EventKey {
        let tenant = Tenant::parse(name).unwrap();
        let id = EventId::parse("019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5b").unwrap();
        EventKey { tenant, id }
    }

    fn tombstone(offset: i64) -> Stored {
        let version = Version::new(Write::Delete, Position::new(1_800_000_000_000, offset).unwrap());
        Stored { version, state: State::Deleted { at: Timestamp::default() } }
    }

    #[test]
    fn a_blind_write_takes_its_key_out_and_never_enters() {
        let mut cache = Cache::new(1 << 20);
        let (known, blind) = (key("known"), key("blind"));
        let both = HashSet::from([known.clone(), blind.clone()]);
        let known_alone = HashSet::from([known.clone()]);
        let written = vec![(known.clone(), tombstone(2)), (blind.clone(), tombstone(3))];
        cache.learn(written, HashMap::from([(known.clone(), tombstone(1))]), &known_alone);
        assert_eq!(cache.split(&both), (HashMap::from([(known.clone(), tombstone(2))]), vec![blind]));

        cache.learn(vec![(known.clone(), tombstone(4))], HashMap::new(), &HashSet::new());
        assert_eq!(cache.split(&known_alone), (HashMap::new(), vec![known]));
    }

    #[test]
    fn rows_stay_within_their_bytes_and_go_when_partitions_do() {
        let mut cache = Cache::new(10 * u64::try_from(ENTRY_BYTES).unwrap());
        let keys: HashSet<_> = (0..100).map(|n| key(&n.to_string())).collect();
        let rows = keys.iter().map(|key| (key.clone(), tombstone(1))).collect();
        cache.learn(rows, HashMap::new(), &keys);
        let (known, _) = cache.split(&keys);
        assert!((1..=10).contains(&known.len()), "{}", known.len());
        cache.clear();
        assert!(cache.split(&keys).0.is_empty());
    }
}
