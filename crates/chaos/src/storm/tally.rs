//! How often what was done to the installation.

use std::collections::BTreeMap;

use super::fault::{Fault, Part};

#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) faults: BTreeMap<&'static str, u64>,
    pub(super) broker_losses: u64,
    /// Processes that ended without being told to, or not as they should.
    pub(super) deaths: Vec<String>,
}

impl Tally {
    pub(super) fn count(&mut self, fault: Fault) {
        *self.faults.entry(fault.name()).or_default() += 1;
        let is_of_network = matches!(fault, Fault::KafkaNetwork(..));
        self.broker_losses += u64::from(fault.part() == Part::Kafka && !is_of_network);
    }

    /// How many processes were killed.
    pub(super) fn kills(&self) -> u64 {
        let kills = self.faults.iter().filter(|(name, _)| name.starts_with("kill"));
        kills.map(|(_, count)| count).sum()
    }
}
