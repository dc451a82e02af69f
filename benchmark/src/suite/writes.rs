//! Operations sent to an API, as the load tool sends them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use benchmark::dialect::Dialect;
use benchmark::http::{Connection, Target};
use benchmark::phase::{Pace, Phase};
use benchmark::plan::{Kind, Plan, Sizes};
use benchmark::tally::Latency;
use model::{Tenant, Timestamp};

/// Each caller sends its next request once it has an answer.
pub(crate) const SINGLE: Pace = Pace { batch: 1, rate: None };
/// The same with a thousand creates per request.
pub(crate) const BATCHES: Pace = Pace { batch: 1_000, rate: None };

/// Operations that were accepted.
pub(crate) struct Written {
    pub(crate) accepted: u64,
    pub(crate) time: Duration,
    pub(crate) latency: Latency,
    /// What had to be sent again, by the kind of error.
    pub(crate) errors: BTreeMap<String, u64>,
}

impl Written {
    pub(crate) fn per_second(&self) -> f64 {
        benchmark::number::rate(self.accepted, self.time)
    }

    /// The errors in words.
    pub(crate) fn notes(&self) -> Vec<String> {
        self.errors.iter().map(|(kind, count)| format!("{count} times {kind}, sent again")).collect()
    }
}

/// A plan of events of about 300 bytes.
pub(crate) fn plan(inserts: u64, updates: u64, deletes: u64) -> Arc<Plan> {
    Arc::new(plan_of(Sizes { inserts, updates, deletes, payload: vec![300], dimensions: 0 }))
}

/// A plan of events with two embeddings.
pub(crate) fn with_embeddings(inserts: u64, dimensions: usize) -> Arc<Plan> {
    Arc::new(plan_of(Sizes { inserts, updates: 0, deletes: 0, payload: vec![300], dimensions }))
}

/// A plan of events of about 600 bytes in a dialect.
pub(crate) fn speaking(dialect: Dialect, inserts: u64) -> Arc<Plan> {
    let plan = plan_of(Sizes { inserts, updates: 0, deletes: 0, payload: vec![600], dimensions: 0 });
    Arc::new(plan.speaking(dialect, Tenant::default()))
}

fn plan_of(sizes: Sizes) -> Plan {
    let names = ["event_a", "event_b", "event_c"].map(str::to_owned).to_vec();
    Plan::new(sizes, names, Timestamp::now(), rand::random())
}

/// Sends all operations of a kind; an error if any had to be given up.
pub(crate) async fn write(
    target: &Target,
    plan: &Arc<Plan>,
    kind: Kind,
    callers: u16,
    pace: Pace,
) -> anyhow::Result<Written> {
    let connections = Connection::open_many(target.address(), callers).await?;
    let phase = Phase::new(plan, kind, target, pace);
    phase.run(connections).await;
    let time = phase.begin().elapsed();
    let tally = phase.tally();
    ensure!(
        tally.given_up.is_empty(),
        "{} {} given up: {:?}",
        tally.given_up.len(),
        kind.name(),
        tally.errors
    );
    Ok(Written { accepted: tally.accepted, time, latency: tally.latency(), errors: tally.errors.clone() })
}
