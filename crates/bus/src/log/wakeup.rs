//! Wakes the reading threads.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use super::locked;

/// Woken after each append, when a source goes and when the log closes. A wake-up is never missed: who
/// waits says which one it heard last.
#[derive(Default)]
pub(super) struct Wakeup {
    state: Mutex<State>,
    woken: Condvar,
}

/// Wakes when it is dropped: a thread whose signals nobody takes any more finds that.
pub(crate) struct WakeOnDrop(pub(super) Arc<Wakeup>);

impl Drop for WakeOnDrop {
    fn drop(&mut self) {
        self.0.wake();
    }
}

#[derive(Default)]
struct State {
    count: u64,
    closed: bool,
}

impl Wakeup {
    pub(super) fn wake(&self) {
        locked(&self.state).count += 1;
        self.woken.notify_all();
    }

    /// Wakes for the last time.
    pub(super) fn close(&self) {
        locked(&self.state).closed = true;
        self.wake();
    }

    pub(super) fn is_closed(&self) -> bool {
        locked(&self.state).closed
    }

    /// How often it has been woken.
    pub(super) fn count(&self) -> u64 {
        locked(&self.state).count
    }

    /// Waits until it has been woken more than `heard` times.
    pub(super) fn wait(&self, heard: u64) {
        let waited = self.woken.wait_while(locked(&self.state), |state| state.count <= heard);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}
