//! What the pipeline tells whoever rolls hours up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How long to rest, in units of the time worked: as long, or so that a twentieth is work.
const CALM: u32 = 1;
const BEHIND: u32 = 19;

/// Whether to roll hours up here, and how much of the time. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Duty(Arc<Told>);

#[derive(Default)]
struct Told {
    leads: AtomicBool,
    is_behind: AtomicBool,
    has_written: AtomicBool,
}

impl Duty {
    /// That this consumer has the partition that the work goes with, or not.
    pub(crate) fn lead(&self, leads: bool) {
        self.0.leads.store(leads, Ordering::Relaxed);
    }

    /// That more has come in than was written, or not.
    pub(crate) fn behind(&self, is_behind: bool) {
        self.0.is_behind.store(is_behind, Ordering::Relaxed);
    }

    /// That rows were written.
    pub(crate) fn wrote(&self) {
        self.0.has_written.store(true, Ordering::Relaxed);
    }

    /// Whether rows were written here since this was asked last.
    pub(super) fn take_written(&self) -> bool {
        self.0.has_written.swap(false, Ordering::Relaxed)
    }

    pub(super) fn leads(&self) -> bool {
        self.0.leads.load(Ordering::Relaxed)
    }

    /// How long to rest behind some work, in units of the time that it took.
    pub(super) fn rest(&self) -> u32 {
        if self.0.is_behind.load(Ordering::Relaxed) { BEHIND } else { CALM }
    }
}
