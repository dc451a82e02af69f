//! What is counted while requests are being answered.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::number::{float, micros};

/// The longest time that is told apart from longer ones.
const LONGEST: Duration = Duration::from_secs(600);
/// The time that one point of a course stands for.
pub const SLOT: Duration = Duration::from_millis(250);

/// The answers of one phase.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Operations that were accepted.
    pub accepted: u64,
    /// Requests that were sent, repeated ones too.
    pub requests: u64,
    /// Answers other than the wanted one, and requests without an answer, by kind.
    pub errors: BTreeMap<String, u64>,
    /// Events whose operation was given up.
    pub given_up: Vec<u64>,
    /// Operations accepted in each [`SLOT`] since the phase began.
    pub course: Vec<u64>,
    latency: Histogram<u64>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            accepted: 0,
            requests: 0,
            errors: BTreeMap::new(),
            given_up: Vec::new(),
            course: Vec::new(),
            latency: microseconds(),
        }
    }
}

#[expect(clippy::expect_used, reason = "the bounds are constant and in range")]
fn microseconds() -> Histogram<u64> {
    Histogram::new_with_bounds(1, micros(LONGEST), 3).expect("a histogram of three digits")
}

impl Tally {
    /// Takes in an answer that accepts `events` operations, `latency` after it was due and `since` the
    /// phase began.
    pub fn accept(&mut self, events: u64, latency: Duration, since: Duration) {
        self.accepted += events;
        self.latency.saturating_record(micros(latency));
        let slot = usize::try_from(since.as_millis() / SLOT.as_millis()).unwrap_or(usize::MAX);
        if self.course.len() <= slot {
            self.course.resize(slot + 1, 0);
        }
        if let Some(count) = self.course.get_mut(slot) {
            *count += events;
        }
    }

    /// Counts an error of this kind.
    pub fn error(&mut self, kind: &str) {
        match self.errors.get_mut(kind) {
            Some(count) => *count += 1,
            None => drop(self.errors.insert(kind.to_owned(), 1)),
        }
    }

    /// How long answers took.
    pub fn latency(&self) -> Latency {
        Latency::of(&self.latency)
    }
}

/// How long calls took, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Latency {
    /// How many calls.
    pub calls: u64,
    /// Half of them took no longer.
    pub p50: f64,
    /// Nine in ten took no longer.
    pub p90: f64,
    /// All but one in a hundred took no longer.
    pub p99: f64,
    /// All but one in a thousand took no longer.
    pub p999: f64,
    /// The slowest.
    pub max: f64,
    /// `[percentile, milliseconds]`, for a plot.
    pub curve: Vec<[f64; 2]>,
}

impl Latency {
    const CURVE: [f64; 12] = [1.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.5, 99.9, 99.99, 100.0];

    fn of(histogram: &Histogram<u64>) -> Self {
        let at = |percentile| float(histogram.value_at_percentile(percentile)) / 1_000.0;
        Self {
            calls: histogram.len(),
            p50: at(50.0),
            p90: at(90.0),
            p99: at(99.0),
            p999: at(99.9),
            max: float(histogram.max()) / 1_000.0,
            curve: Self::CURVE.map(|percentile| [percentile, at(percentile)]).to_vec(),
        }
    }
}

impl FromIterator<Duration> for Latency {
    fn from_iter<I: IntoIterator<Item = Duration>>(times: I) -> Self {
        let mut tally = Tally::default();
        for time in times {
            tally.latency.saturating_record(micros(time));
        }
        tally.latency()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_times() {
        let latency: Latency = (1..=1_000).map(Duration::from_millis).collect();
        for (found, wanted) in [
            (latency.p50, 500.0),
            (latency.p90, 900.0),
            (latency.p99, 990.0),
            (latency.p999, 999.0),
            (latency.max, 1_000.0),
        ] {
            assert!((found - wanted).abs() <= wanted / 500.0, "{found} for {wanted}");
        }
        assert_eq!(latency.calls, 1_000);
        assert!(latency.curve.is_sorted_by(|a, b| a[1] <= b[1]));
    }

    #[test]
    fn no_times_are_no_latency() {
        let latency = Latency::from_iter([]);
        assert_eq!((latency.calls, latency.max), (0, 0.0));
    }

    #[test]
    fn what_is_accepted_is_counted_where_it_belongs() {
        let mut tally = Tally::default();
        tally.accept(10, Duration::from_millis(1), Duration::from_millis(249));
        tally.accept(5, Duration::from_millis(1), Duration::from_millis(250));
        tally.accept(1, Duration::from_hours(2), Duration::from_millis(1_000));
        assert_eq!((tally.accepted, tally.course.clone()), (16, vec![10, 5, 0, 0, 1]));
        assert!((tally.latency().max - 600_000.0).abs() < 1_000.0);
        for kind in ["503 unavailable", "timeout", "503 unavailable"] {
            tally.error(kind);
        }
        assert_eq!(tally.errors, [("503 unavailable".to_owned(), 2), ("timeout".to_owned(), 1)].into());
    }
}
