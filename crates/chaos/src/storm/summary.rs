//! What came of a storm, as a table.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::placement::Placement;
use super::tally::Tally;
use crate::load::Answers;
use audit::ledger::Ledger;
use audit::operation::Kind;
use audit::{Anomaly, Repeats, Report};

/// How many findings are printed.
const SHOWN: usize = 20;

/// So many acknowledged operations hold some of every kind: of them about 40 have a large text, 50 are repeats,
/// and 2,000 are parts of batches.
const ENOUGH: u64 = 10_000;

/// What came of a storm.
pub struct Summary {
    pub(super) seed: u64,
    pub(super) stormed: Duration,
    pub(super) drained: Duration,
    pub(super) tally: Tally,
    pub(super) ledger: Ledger,
    pub(super) placement: Placement,
    pub(super) answers: Answers,
    pub(super) report: Report,
}

impl Summary {
    /// Whether there was a storm, every promise was kept, and nothing happened that should not.
    pub fn is_good(&self) -> bool {
        let acknowledged = self.ledger.acknowledged();
        let was_tested = acknowledged > 0
            && self.report.records >= acknowledged
            && !self.tally.faults.is_empty()
            && (acknowledged < ENOUGH || self.has_every_kind());
        // Nobody sends what the table could refuse, nor writes during the audit: everything can be judged.
        was_tested
            && self.report.findings.is_empty()
            && self.report.unjudged == 0
            && self.report.letters.keys().all(|reason| reason == "unknown_event")
            && self.placement.misplaced == 0
            && self.answers.unexpected.is_empty()
            && self.tally.deaths.is_empty()
    }

    /// Whether there were batches, large texts, and updates that were asked for again.
    fn has_every_kind(&self) -> bool {
        let Repeats { known, forgotten } = self.report.repeats;
        self.ledger.acknowledged_in_batches() > 0
            && self.ledger.acknowledged_large() > 0
            && known + forgotten > 0
    }

    /// What the auditor found.
    pub fn report(&self) -> &Report {
        &self.report
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, stormed, drained, tally, ledger, placement, answers, report } = self;
        let mut line = |name: &str, value: String| writeln!(f, "{name:<24}{value}");
        line("seed", seed.to_string())?;
        line("storm", format!("{:.0} s", stormed.as_secs_f64()))?;
        let kinds = Kind::ALL.map(|kind| format!("{} {}s", ledger.acknowledged_of(kind), kind.as_str()));
        line("acknowledged", format!("{} ({})", ledger.acknowledged(), kinds.join(", ")))?;
        let Placement { in_few, in_all, misplaced } = placement;
        line("partitions", format!("{in_few} in few, {in_all} in all, {misplaced} misplaced"))?;
        line("in batches", ledger.acknowledged_in_batches().to_string())?;
        line("large", ledger.acknowledged_large().to_string())?;
        line("maybe", ledger.maybe().to_string())?;
        line("answered 503", answers.unavailable.to_string())?;
        line("not answered", answers.silent.to_string())?;
        line("slowest answer", format!("{:.1} s", answers.slowest.as_secs_f64()))?;
        line("faults", counted(&tally.faults))?;
        line("broker losses", tally.broker_losses.to_string())?;
        line("drained in", format!("{:.1} s", drained.as_secs_f64()))?;
        line("records", report.records.to_string())?;
        line("events", format!("{} live, {} deleted", report.live, report.deleted))?;
        line("unknown updates", report.unknown_updates.to_string())?;
        let Repeats { known, forgotten } = report.repeats;
        line("repeated updates", format!("{known} known, {forgotten} forgotten"))?;
        line("dead letters", counted(&report.letters))?;
        for anomaly in Anomaly::ALL {
            line(anomaly.as_str(), report.count(anomaly).to_string())?;
        }
        if report.unjudged > 0 {
            line("not judged", report.unjudged.to_string())?;
        }
        for death in &tally.deaths {
            line("death", death.clone())?;
        }
        for (what, count) in &answers.unexpected {
            line("unexpected answer", format!("{count} times {what}"))?;
        }
        for finding in report.findings.iter().take(SHOWN) {
            writeln!(f, "{finding}")?;
        }
        match report.findings.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => writeln!(f, "and {more} more"),
        }
    }
}

fn counted(counts: &BTreeMap<impl fmt::Display, impl fmt::Display>) -> String {
    let all: Vec<_> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

#[cfg(test)]
mod tests {
    use model::{EventId, EventKey, Tenant, Timestamp};

    use super::super::fault::Fault;
    use super::*;
    use audit::digest::Digest;
    use audit::operation::{Operation, Place};

    /// Two operations, a fault, and nothing wrong.
    fn good() -> Summary {
        let (mut ledger, mut tally) = (Ledger::default(), Tally::default());
        for offset in 0..2 {
            let key = EventKey { tenant: Tenant::default(), id: EventId::new(Timestamp::now()) };
            let operation = Operation::new(Kind::Delete, key, None);
            ledger.acknowledge(Place { partition: 0, offset }, operation);
        }
        tally.count(Fault::KillEngine);
        let (stormed, drained) = (Duration::ZERO, Duration::ZERO);
        let report = Report { records: 2, ..Report::default() };
        let (placement, answers) = (Placement::default(), Answers::default());
        Summary { seed: 1, stormed, drained, tally, ledger, placement, answers, report }
    }

    #[test]
    fn a_storm_that_tested_nothing_is_not_good() {
        assert!(good().is_good());
        let calm = Summary { tally: Tally::default(), ..good() };
        let idle = Summary { ledger: Ledger::default(), ..good() };
        let unread = Summary { report: Report { records: 1, ..Report::default() }, ..good() };
        for (index, nothing) in [calm, idle, unread].iter().enumerate() {
            assert!(!nothing.is_good(), "{index}");
        }
    }
    #[test]
    fn a_long_storm_without_batches_large_texts_or_repeats_is_not_good() {
        let long = |batches: u64, large: bool, known: usize| {
            let mut ledger = Ledger::default();
            for number in 0..ENOUGH {
                let key = EventKey { tenant: Tenant::default(), id: EventId::new(Timestamp::now()) };
                let operation = Operation::new(Kind::Update, key, Some(number.to_string()));
                let text = (large && number == 0).then(|| ("output", Digest::of("text")));
                let operation = Operation { large: text, ..operation };
                match i64::try_from(number).ok().filter(|_| number >= batches) {
                    Some(offset) => ledger.acknowledge(Place { partition: 0, offset }, operation),
                    None => ledger.acknowledge_somewhere(operation),
                }
            }
            let repeats = Repeats { known, ..Repeats::default() };
            let report = Report { records: ENOUGH, repeats, ..Report::default() };
            Summary { ledger, report, ..good() }.is_good()
        };
        assert!(long(1, true, 1));
        assert!(!long(0, true, 1) && !long(1, false, 1) && !long(1, true, 0));
    }

    #[test]
    fn a_storm_with_an_operation_in_another_partition_than_its_events_is_not_good() {
        let placement = Placement { in_few: 1, in_all: 1, misplaced: 1 };
        assert!(!Summary { placement, ..good() }.is_good());
    }
}
