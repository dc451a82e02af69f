//! Everything that a run measured, for machines and in words.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use model::Timestamp;
use serde::Serialize;

use crate::dialect::Dialect;
use crate::number::{float, rate};
use crate::options::Load;
use crate::plan::Kind;
use crate::tally::{Latency, SLOT, Tally};
use crate::usage;
use crate::verify::Verification;
use crate::watch::Sample;

/// A run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Where it was sent.
    pub url: String,
    /// When it began, in RFC 3339.
    pub started_at: String,
    /// What was asked for.
    pub settings: Settings,
    /// In the order in which they ran.
    pub phases: Vec<PhaseReport>,
    /// From the first request until the last operation was visible, in seconds.
    pub seconds_until_visible: f64,
    /// Dead letters that came in the meantime, whoever sent them.
    pub dead_letters: i64,
    /// What was there in the end.
    pub verification: Verification,
    /// What it took to generate the load.
    pub generator: Generator,
    /// What one point of a phase's course stands for, in seconds.
    pub slot_seconds: f64,
    /// The pipeline's lag over time.
    pub lag: Vec<Sample>,
}

/// What was asked for.
#[derive(Clone, Debug, Serialize)]
pub struct Settings {
    /// Callers, each with one request at a time.
    pub concurrency: u16,
    /// How creates were sent.
    pub dialect: Dialect,
    /// Creates per request.
    pub batch: u64,
    /// Operations a second, if they were to be so many.
    pub rate: Option<f64>,
    /// The sizes of bodies in bytes.
    pub payload: Vec<usize>,
    /// Dimensions of the two embeddings.
    pub embeddings: usize,
}

/// One phase.
#[derive(Clone, Debug, Serialize)]
pub struct PhaseReport {
    /// `inserts`, `updates` or `deletes`.
    pub name: &'static str,
    /// Operations that were accepted.
    pub accepted: u64,
    /// Requests that were sent, repeated ones too.
    pub requests: u64,
    /// When it began, in seconds since the run did.
    pub begin: f64,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// Operations accepted a second.
    pub accepted_per_second: f64,
    /// When its last operation was first seen to be visible, in seconds since the run began.
    pub visible_at: Option<f64>,
    /// Operations that became visible a second, from the phase's beginning.
    pub visible_per_second: Option<f64>,
    /// How long answers took.
    pub latency: Latency,
    /// Errors by kind; what could be repeated was.
    pub errors: BTreeMap<String, u64>,
    /// Operations that were given up.
    pub given_up: usize,
    /// Operations accepted in each slot of time since the phase began.
    pub course: Vec<u64>,
}

/// What it took to generate the load.
#[derive(Clone, Debug, Serialize)]
pub struct Generator {
    /// Processor time, in seconds; absent where it can't be told.
    pub cpu_seconds: Option<f64>,
    /// The same per 1,000 requests.
    pub cpu_seconds_per_1000_requests: Option<f64>,
}

impl Report {
    /// Puts everything together.
    pub fn new(
        url: String,
        started_at: Timestamp,
        settings: Settings,
        phases: Vec<PhaseReport>,
        generator: Generator,
        verification: Verification,
        lag: Vec<Sample>,
    ) -> Self {
        let letters = |sample: Option<&Sample>| sample.map_or(0, |sample| sample.dead_letters);
        Self {
            url,
            started_at: started_at.to_string(),
            settings,
            seconds_until_visible: phases.iter().filter_map(|phase| phase.visible_at).fold(0.0, f64::max),
            phases,
            dead_letters: letters(lag.last()) - letters(lag.first()),
            verification,
            generator,
            slot_seconds: SLOT.as_secs_f64(),
            lag,
        }
    }

    /// Whether every operation was accepted and what is there is what must be.
    pub fn is_good(&self) -> bool {
        self.verification.is_good() && self.phases.iter().all(|phase| phase.given_up == 0)
    }
}

impl From<Load> for Settings {
    fn from(load: Load) -> Self {
        let Load { concurrency, dialect, batch, rate, payload, embeddings, .. } = load;
        Self { concurrency, dialect, batch, rate, payload, embeddings }
    }
}

impl PhaseReport {
    /// `begin` and `visible_at` are in seconds since the run began.
    pub fn new(kind: Kind, tally: &Tally, begin: f64, seconds: f64, visible_at: Option<f64>) -> Self {
        let per_second = |seconds: f64| rate(tally.accepted, Duration::from_secs_f64(seconds.max(0.0)));
        Self {
            name: kind.name(),
            accepted: tally.accepted,
            requests: tally.requests,
            begin,
            seconds,
            accepted_per_second: per_second(seconds),
            visible_at,
            visible_per_second: visible_at.map(|at| per_second(at - begin)),
            latency: tally.latency(),
            errors: tally.errors.clone(),
            given_up: tally.given_up.len(),
            course: tally.course.clone(),
        }
    }
}

impl Generator {
    /// Of what this process has used since it had used `before`.
    pub fn since(before: Option<Duration>, requests: u64) -> Self {
        let used = usage::cpu(std::process::id()).zip(before);
        let cpu_seconds = used.map(|(now, before)| now.saturating_sub(before).as_secs_f64());
        let per_1000 = |seconds: f64| seconds / float(requests.max(1)) * 1_000.0;
        Self { cpu_seconds, cpu_seconds_per_1000_requests: cpu_seconds.map(per_1000) }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "           accepted        /s    p50 ms    p90 ms    p99 ms  p99.9 ms    max ms   visible/s"
        )?;
        for phase in &self.phases {
            let Latency { p50, p90, p99, p999, max, .. } = &phase.latency;
            let visible =
                phase.visible_per_second.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.0}"));
            writeln!(
                f,
                "{:<9} {:>9} {:>9.0} {p50:>9.2} {p90:>9.2} {p99:>9.2} {p999:>9.2} {max:>9.2} {visible:>11}",
                phase.name, phase.accepted, phase.accepted_per_second,
            )?;
        }
        writeln!(
            f,
            "{:.1} s from the first request until the last operation was visible",
            self.seconds_until_visible
        )?;
        for phase in &self.phases {
            for (kind, count) in &phase.errors {
                writeln!(f, "{}: {count} times {kind}", phase.name)?;
            }
            if phase.given_up > 0 {
                writeln!(f, "{}: {} operations were given up", phase.name, phase.given_up)?;
            }
        }
        if self.dead_letters > 0 {
            writeln!(f, "{} dead letters came in the meantime", self.dead_letters)?;
        }
        if let Some(seconds) = self.generator.cpu_seconds_per_1000_requests {
            writeln!(
                f,
                "{:.1} ms of processor time per 1,000 requests for the load itself",
                seconds * 1_000.0
            )?;
        }
        write!(f, "{}", self.verification)
    }
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { conversations, events, looked_up, mismatches, examples } = self;
        writeln!(
            f,
            "compared {events} events in {conversations} conversations, and {looked_up} by their ids: {mismatches} mismatches"
        )?;
        examples.iter().try_for_each(|example| writeln!(f, "  {example}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(tally: &Tally, verification: Verification) -> Report {
        let dialect = Dialect::Native;
        let settings =
            Settings { concurrency: 1, dialect, batch: 1, rate: None, payload: vec![300], embeddings: 0 };
        let phase = PhaseReport::new(Kind::Insert, tally, 1.0, 2.0, Some(5.0));
        let url = "http://x".to_owned();
        Report::new(
            url,
            Timestamp::now(),
            settings,
            vec![phase],
            Generator::since(None, 1),
            verification,
            Vec::new(),
        )
    }

    #[test]
    fn rates_are_of_the_phase_and_the_whole_ends_when_the_last_is_visible() {
        let mut tally = Tally::default();
        tally.accept(1_000, Duration::from_millis(4), Duration::ZERO);
        let report = report(&tally, Verification::default());
        assert!((report.phases[0].accepted_per_second - 500.0).abs() < 1e-9);
        assert!((report.phases[0].visible_per_second.unwrap() - 250.0).abs() < 1e-9);
        assert!((report.seconds_until_visible - 5.0).abs() < 1e-9);
        assert!(report.is_good());
        assert!(report.to_string().contains("inserts        1000       500"));
    }

    #[test]
    fn a_run_with_a_mismatch_or_an_operation_given_up_is_not_good() {
        let mut tally = Tally::default();
        let wrong = Verification {
            mismatches: 1,
            examples: vec!["event 1 is missing".into()],
            ..Verification::default()
        };
        let bad = report(&tally, wrong);
        assert!(!bad.is_good());
        assert!(bad.to_string().ends_with("1 mismatches\n  event 1 is missing\n"));
        tally.given_up.push(7);
        assert!(!report(&tally, Verification::default()).is_good());
    }
}
