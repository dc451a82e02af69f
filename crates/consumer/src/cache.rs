//! Rows this consumer looked up and wrote lately, so that a further update needs no look-up.
//!
//! Only a row whose key was looked up may enter; a blind write takes its key out. When partitions
//! are revoked everything goes: somebody else writes those events then.

use std::collections::{HashMap, HashSet};

use model::{EventKey, State, Stored};
use quick_cache::Weighter;
use quick_cache::unsync::Cache as Bounded;

#[derive(Clone)]
struct Bytes;

impl Weighter<EventKey, Stored<'static>> for Bytes {
    fn weight(&self, _: &EventKey, stored: &Stored<'static>) -> u64 {
        u64::try_from(stored.bytes()).unwrap_or(u64::MAX)
    }
}

/// The rows of events by their keys, within a number of bytes.
pub(crate) struct Cache {
    rows: Bounded<EventKey, Stored<'static>, Bytes>,
}

impl Cache {
    pub(crate) fn new(max_bytes: u64) -> Self {
        let typical = usize::try_from(max_bytes / 2_048).unwrap_or(usize::MAX);
        Self { rows: Bounded::with_weighter(typical, max_bytes, Bytes) }
    }

    /// Takes the rows of these keys out of the cache, and names the keys of which it has no row.
    pub(crate) fn take(
        &mut self,
        keys: &HashSet<EventKey>,
    ) -> (HashMap<EventKey, Stored<'static>>, Vec<EventKey>) {
        let (mut known, mut missing) = (HashMap::with_capacity(keys.len()), Vec::new());
        for key in keys {
            match self.rows.remove(key) {
                Some((key, stored)) => drop(known.insert(key, stored)),
                None => missing.push(key.clone()),
            }
        }
        (known, missing)
    }

    /// Takes in the rows that the table has after a batch: those whose keys were looked up. A row that was written
    /// without a look-up takes the cached row of its key out.
    pub(crate) fn learn<'a>(
        &mut self,
        rows: impl IntoIterator<Item = (EventKey, Stored<'a>)>,
        looked_up: &HashSet<EventKey>,
    ) {
        for (key, mut row) in rows {
            if let State::Deleted { hidden, .. } = &mut row.state {
                // The table has taken it in.
                *hidden = None;
            }
            if looked_up.contains(&key) {
                self.rows.insert(key, row.into_owned());
            } else if !self.rows.is_empty() {
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
    use model::{AppliedKeys, EventId, Position, Tenant, Timestamp, Version, Write};

    use super::*;

    fn key(name: &str) -> EventKey {
        let tenant = Tenant::parse(name).unwrap();
        let id = EventId::parse("019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5b").unwrap();
        EventKey { tenant, id }
    }

    fn tombstone(offset: i64) -> Stored<'static> {
        let version = Version::new(Write::Delete, Position::new(1_800_000_000_000, offset).unwrap());
        let state = State::Deleted { at: Timestamp::default(), hidden: None };
        Stored { version, state, applied: AppliedKeys::default() }
    }

    #[test]
    fn a_blind_write_takes_its_key_out_and_never_enters() {
        let mut cache = Cache::new(1 << 20);
        let (known, blind) = (key("known"), key("blind"));
        let both = HashSet::from([known.clone(), blind.clone()]);
        let known_alone = HashSet::from([known.clone()]);
        let written = vec![(known.clone(), tombstone(2)), (blind.clone(), tombstone(3))];
        cache.learn(written.clone(), &known_alone);
        assert_eq!(cache.take(&both), (HashMap::from([(known.clone(), tombstone(2))]), vec![blind]));
        assert_eq!(cache.take(&known_alone), (HashMap::new(), vec![known.clone()]), "it was handed over");

        cache.learn(written, &known_alone);
        cache.learn(vec![(known.clone(), tombstone(4))], &HashSet::new());
        assert_eq!(cache.take(&known_alone), (HashMap::new(), vec![known]));
    }

    #[test]
    fn rows_stay_within_their_bytes_and_go_when_partitions_do() {
        let mut cache = Cache::new(10 * u64::try_from(tombstone(1).bytes()).unwrap());
        let keys: HashSet<_> = (0..100).map(|n| key(&n.to_string())).collect();
        let rows = || keys.iter().map(|key| (key.clone(), tombstone(1)));
        cache.learn(rows(), &keys);
        let (known, _) = cache.take(&keys);
        assert!((1..=10).contains(&known.len()), "{}", known.len());
        cache.learn(rows(), &keys);
        cache.clear();
        assert!(cache.take(&keys).0.is_empty());
    }
}
