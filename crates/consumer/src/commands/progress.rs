//! Says on standard error how far a long command has come.

use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_secs(2);

/// Speaks every two seconds, and never about work that is done sooner.
pub(crate) struct Progress {
    last: Instant,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self { last: Instant::now() }
    }

    /// Prints the line if it is time for one.
    pub(crate) fn tell(&mut self, line: impl FnOnce() -> String) {
        if self.last.elapsed() >= EVERY {
            self.last = Instant::now();
            eprintln!("{}", line());
        }
    }
}
