//! How far a connection is with its request, and since when.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::Instant;

use super::Limits;

/// Where a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Phase {
    /// The last answer is written, and nothing of a next request has come.
    Idle,
    /// A request's head is coming.
    Head,
    /// A request is being answered.
    Busy,
    /// The same, and if its client goes away nobody needs the answer.
    Asked,
    /// The answer is complete, and the last of it is being written.
    Written,
    /// The connection is refused further requests; what still comes is thrown away.
    Refused,
}

/// Shared by a connection's stream, its service, its answers and its watchdog, all in one task.
#[derive(Clone)]
pub(super) struct Progress(Arc<Inner>);

struct Inner {
    begun: Instant,
    phase: AtomicU8,
    /// Milliseconds after `begun`.
    since: AtomicU64,
}

impl Progress {
    /// The progress of a new connection, whose first head is awaited.
    pub(super) fn new() -> Self {
        let phase = AtomicU8::new(Phase::Head as u8);
        Self(Arc::new(Inner { begun: Instant::now(), phase, since: AtomicU64::new(0) }))
    }

    pub(super) fn phase(&self) -> Phase {
        const PHASES: [Phase; 6] =
            [Phase::Idle, Phase::Head, Phase::Busy, Phase::Asked, Phase::Written, Phase::Refused];
        PHASES.get(usize::from(self.0.phase.load(Relaxed))).copied().unwrap_or(Phase::Refused)
    }

    /// Goes on to a phase that has no time limit here.
    pub(super) fn set(&self, phase: Phase) {
        self.0.phase.store(phase as u8, Relaxed);
    }

    /// Goes on to a phase and starts its time.
    pub(super) fn begin(&self, phase: Phase) {
        let since = u64::try_from(self.0.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.since.store(since, Relaxed);
        self.set(phase);
    }

    /// Starts the time of a head that is coming anew.
    pub(super) fn hurry(&self) {
        if self.phase() == Phase::Head {
            self.begin(Phase::Head);
        }
    }

    /// When the phase has lasted too long; `None` while an answer is on its way.
    pub(super) fn deadline(&self, limits: &Limits) -> Option<Instant> {
        let limit = match self.phase() {
            Phase::Idle => limits.idle,
            Phase::Head => limits.head,
            Phase::Refused => limits.linger,
            Phase::Busy | Phase::Asked | Phase::Written => return None,
        };
        Some(self.0.begun + Duration::from_millis(self.0.since.load(Relaxed)) + limit)
    }
}
