//! How many bytes wait between a reading thread and whoever takes them.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Counts bytes against a limit. The reader stops when it is full and goes on when half of it is free.
#[derive(Debug)]
pub(crate) struct Budget {
    waiting: AtomicUsize,
    /// How often the reader stopped, until someone looked.
    pauses: AtomicU64,
    limit: usize,
}

impl Budget {
    pub(crate) fn new(limit: usize) -> Self {
        Self { waiting: AtomicUsize::new(0), pauses: AtomicU64::new(0), limit }
    }

    pub(crate) fn take(&self, bytes: usize) {
        self.waiting.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn give_back(&self, bytes: usize) {
        self.waiting.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(crate) fn is_full(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) >= self.limit
    }

    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Leaves no room, for good.
    pub(crate) fn fill(&self) {
        self.take(self.limit);
    }

    /// Says that the reader stops.
    pub(crate) fn pause(&self) {
        self.pauses.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn take_pauses(&self) -> u64 {
        self.pauses.swap(0, Ordering::Relaxed)
    }

    pub(crate) fn is_half_free(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) <= self.limit / 2
    }
}
