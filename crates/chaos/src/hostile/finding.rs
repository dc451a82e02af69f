//! What came of a case.

use std::time::Duration;

use super::callers::Seen;

/// What good callers saw, and what was wrong.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) seen: Seen,
    /// What must never be.
    pub(super) faults: Vec<String>,
    /// What must not be on a machine that has nothing else to do, with binaries built for release.
    pub(super) slow: Vec<String>,
    /// What was measured beside the calls.
    pub(super) notes: Vec<String>,
}

impl Findings {
    /// Adds what good callers saw: each had to be answered with one of these.
    pub(super) fn saw(&mut self, seen: Seen, wanted: &[u16]) {
        self.must(seen.all(wanted), || format!("good callers were answered {:?}", seen.statuses()));
        self.seen.merge(seen);
    }

    /// A fault unless it is so.
    pub(super) fn must(&mut self, is_so: bool, otherwise: impl FnOnce() -> String) {
        if !is_so {
            self.faults.push(otherwise());
        }
    }

    /// Notes a time, that is too long above `most`.
    pub(super) fn within(&mut self, what: &str, time: Duration, most: Duration) {
        self.notes.push(format!("{what}: {:.0} ms", time.as_secs_f64() * 1e3));
        if time > most {
            self.slow.push(format!("{what} took {time:.1?}, more than {most:?}"));
        }
    }

    /// The good callers' 99th percentile.
    pub(super) fn p99_within(&mut self, most: Duration) {
        let p99 = self.seen.percentile(99);
        if p99 > most {
            self.slow.push(format!("p99 of good callers is {p99:.1?}, more than {most:?}"));
        }
    }

    /// Notes a growth of memory in MiB, that is a fault from `most` on.
    pub(super) fn grew(&mut self, mebibytes: u64, most: u64) {
        self.notes.push(format!("memory grew by {mebibytes} MiB"));
        self.must(mebibytes < most, || format!("memory grew by {mebibytes} MiB, {most} are too many"));
    }
}
