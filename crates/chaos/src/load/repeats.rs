//! Changes with a key that are asked for once more, long after they were, as by a client that was away.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rand::RngExt;
use rand::rngs::StdRng;

use super::request::Item;

/// How many of the last changes are remembered. Some of their events have since had more changes with a key
/// than a row remembers, most have not.
const REMEMBERED: usize = 1_000;

/// Shared by all callers.
#[derive(Default)]
pub(super) struct Repeats(Mutex<VecDeque<Item>>);

impl Repeats {
    pub(super) fn remember(&self, change: Item) {
        let mut changes = self.locked();
        if changes.len() >= REMEMBERED {
            changes.pop_front();
        }
        changes.push_back(change);
    }

    /// One that was asked for already, or is just now.
    pub(super) fn any(&self, dice: &mut StdRng) -> Option<Item> {
        let changes = self.locked();
        changes.get(dice.random_range(..changes.len().max(1))).cloned()
    }

    fn locked(&self) -> MutexGuard<'_, VecDeque<Item>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
