//! Wakes the reading threads.

use std::sync::{Condvar, Mutex, PoisonError};

use super::locked;

/// Rung after each append, when a source goes and when the log closes. A ring is never missed: who
/// waits says which one it heard last.
#[derive(Default)]
pub(super) struct Bell {
    state: Mutex<State>,
    rung: Condvar,
}

#[derive(Default)]
struct State {
    rings: u64,
    closed: bool,
}

impl Bell {
    pub(super) fn ring(&self) {
        locked(&self.state).rings += 1;
        self.rung.notify_all();
    }

    /// Rings for the last time.
    pub(super) fn close(&self) {
        locked(&self.state).closed = true;
        self.ring();
    }

    pub(super) fn is_closed(&self) -> bool {
        locked(&self.state).closed
    }

    /// How often it has been rung.
    pub(super) fn rings(&self) -> u64 {
        locked(&self.state).rings
    }

    /// Waits until it has been rung more than `heard` times.
    pub(super) fn wait(&self, heard: u64) {
        let waited = self.rung.wait_while(locked(&self.state), |state| state.rings <= heard);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}
