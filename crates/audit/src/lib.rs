//! Holds the table against the topic, and both against what callers were promised.
//!
//! The topic is the oracle: [`expected`] applies it once, in order, and [`table`] must say the same of
//! every event, [`letters`] of every operation that could not be applied. [`ledger`] is what callers were promised. Nothing of the consumer's
//! fold is used. The expected events are held in memory, at about a kilobyte each: of large texts only a digest.

mod columns;
mod compare;
pub mod digest;
mod evidence;
mod expected;
mod finding;
pub mod ledger;
mod letters;
mod message;
pub mod operation;
mod rollups;
mod table;
mod topic;
mod truth;

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use bus::{BusError, Channels, From, Schedule};
use model::{EventKey, Timestamp};

use expected::State;
use ledger::Ledger;
use letters::Letters;
use message::Message;
use truth::Truth;

pub use evidence::evidence;
pub use finding::{Anomaly, Finding, Repeats, Report};
pub use table::Table;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The topic can't be read.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The table can't be read.
    #[error("ClickHouse: {0}")]
    Table(#[from] clickhouse::error::Error),
    /// Reading the table broke off.
    #[error("ClickHouse: {0}")]
    Broken(#[from] std::io::Error),
    /// The table holds what Millrace never writes.
    #[error("a row of the table can't be read: {0}")]
    Row(String),
    /// The consumers are too far behind to say anything.
    #[error("the consumers are still {behind} records behind after {within:?}")]
    Behind {
        /// How many records.
        behind: i64,
        /// How long it was waited for.
        within: Duration,
    },
}

/// Waits until the consumers have done all that is on the topic now, reads topic, dead letters and
/// table from end to end, and compares. Writes may go on meanwhile: the events they concern are not judged.
pub async fn audit(
    channels: &Channels,
    table: &Table,
    ledger: &Ledger,
    within: Duration,
) -> Result<Report, AuditError> {
    let Channels { bus, events, .. } = channels;
    let ends = topic::caught_up(channels, within).await?;
    let letters = Letters::read(channels).await?;
    let mut truth = Truth::new(&letters, ledger, &ends);
    let spans = topic::read(bus, events, From::Beginning, |delivery| truth.take(&delivery)).await?;
    let Truth { expected, mut findings, records, since, .. } = truth.end(&spans);

    let mut doubts = compare::letters(&expected, &letters);
    doubts.extend(compare::table(&expected, table).await?);
    let mut touched = HashSet::new();
    topic::read(bus, events, From::Offsets(ends), |delivery| {
        touched.extend(Message::read(&delivery).map(|message| message.key));
    })
    .await?;
    let scope = Scope { schedule: &events.schedule, since: &since, touched: &touched };
    let (judged, unjudged): (Vec<_>, Vec<_>) =
        doubts.into_iter().partition(|doubt| doubt.key.as_ref().is_none_or(|key| scope.holds(key)));
    findings.extend(judged);
    findings.extend(rollups::compare(table, &touched).await?);
    let live = expected.events.values().filter(|state| matches!(state, State::Live(_))).count();
    Ok(Report {
        findings,
        records,
        live,
        deleted: expected.events.len() - live,
        unknown_updates: expected.unknown.len(),
        repeats: expected.repeats,
        letters: letters.count(),
        unjudged: unjudged.len(),
    })
}

/// Of which events an audit can tell what they should be like.
struct Scope<'a> {
    schedule: &'a Schedule,
    /// From when on a partition has all of its records; without an entry it has none.
    since: &'a BTreeMap<i32, Timestamp>,
    /// Written to while the audit ran.
    touched: &'a HashSet<EventKey>,
}

impl Scope<'_> {
    /// Whether all that was ever done to the event is known, and none of it is too new.
    fn holds(&self, key: &EventKey) -> bool {
        let created_at = key.id.created_at();
        let partition = self.schedule.partition(key.id.to_string().as_bytes(), created_at);
        // An event arrives at most a day before its own time.
        let arrives = created_at.days_before(1);
        self.since.get(&partition).is_some_and(|since| *since <= arrives) && !self.touched.contains(key)
    }
}
