//! What good callers saw beside every case, as a table.

use std::fmt::{self, Write};
use std::time::Duration;

use super::callers::Seen;
use super::case::Case;
use super::finding::Findings;
use super::site::Kind;

/// What came of the suite.
#[derive(Debug)]
pub struct Report {
    /// Whether what was slow counts as failed.
    strict: bool,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    case: Case,
    kind: Kind,
    findings: Findings,
}

impl Report {
    pub(super) fn new(strict: bool) -> Self {
        Self { strict, rows: Vec::new() }
    }

    /// Adds a case, and gives what is to be said of it at once.
    pub(super) fn enter(&mut self, case: Case, kind: Kind, findings: Findings) -> String {
        let mut text = String::new();
        // Into memory: nothing that can fail.
        for (word, lines) in
            [("", &findings.notes), ("FAILED: ", &findings.faults), ("slow: ", &findings.slow)]
        {
            for line in lines {
                let _ = writeln!(text, "  {word}{line}");
            }
        }
        self.rows.push(Row { case, kind, findings });
        text
    }

    /// Whether there was something to see, and nothing was wrong.
    pub fn is_good(&self) -> bool {
        !self.rows.is_empty() && self.rows.iter().all(|row| self.passes(&row.findings))
    }

    /// How many cases passed, and how many did not.
    pub fn passed_and_failed(&self) -> (usize, usize) {
        let passed = self.rows.iter().filter(|row| self.passes(&row.findings)).count();
        (passed, self.rows.len() - passed)
    }

    fn passes(&self, findings: &Findings) -> bool {
        let Findings { seen, faults, slow, .. } = findings;
        seen.count() > 0 && faults.is_empty() && (slow.is_empty() || !self.strict)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["beside", "on", "calls", "p50 ms", "p99 ms", "max ms", "", "answers"];
        let [case, kind, calls, p50, p99, max, verdict, answers] = head;
        writeln!(f, "{case:<18}{kind:<12}{calls:>7}{p50:>9}{p99:>9}{max:>9}  {verdict:<8}{answers}")?;
        for Row { case, kind, findings } in &self.rows {
            let seen = &findings.seen;
            let [p50, p99, max] = [50, 99, 100].map(|percent| milliseconds(seen.percentile(percent)));
            let verdict = if self.passes(findings) { "ok" } else { "FAILED" };
            let (case, kind, calls, answers) = (case.name(), kind.as_str(), seen.count(), answers_of(seen));
            writeln!(f, "{case:<18}{kind:<12}{calls:>7}{p50:>9}{p99:>9}{max:>9}  {verdict:<8}{answers}")?;
        }
        Ok(())
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1}", time.as_secs_f64() * 1e3)
}

fn answers_of(seen: &Seen) -> String {
    let each = seen.statuses().iter().map(|(status, count)| match status {
        0 => format!("{count} × none"),
        _ => format!("{count} × {status}"),
    });
    each.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Findings {
        let mut findings = Findings::default();
        findings.seen.enter(202, Duration::from_millis(1));
        findings
    }

    fn is_good(strict: bool, findings: Findings) -> bool {
        let mut report = Report::new(strict);
        report.enter(Case::Garbage, Kind::Standalone, findings);
        report.is_good()
    }

    #[test]
    fn a_suite_that_sent_nothing_fails() {
        assert!(is_good(false, good()));
        assert!(!is_good(false, Findings::default()));
        assert!(!Report::new(false).is_good());
    }

    #[test]
    fn a_fault_always_counts_and_slowness_only_where_times_are_judged() {
        let fault = || Findings { faults: vec!["x".into()], ..good() };
        let slow = || Findings { slow: vec!["x".into()], ..good() };
        assert!(!is_good(false, fault()) && !is_good(true, fault()));
        assert!(is_good(false, slow()) && !is_good(true, slow()));
    }
}
