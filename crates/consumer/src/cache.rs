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
