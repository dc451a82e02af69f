//! What an hour's events come to, to be added to many answers.

use super::{Key, Revenue, Said, Sums, Waiting};
use crate::fold::TooMuch;
use crate::fold::orders::{Firsts, OrderHash};

/// The quarter of an hour, in milliseconds: as far as buckets tell times apart.
pub(crate) const QUARTER_MS: i64 = 900_000;

/// The orders, payments and refunds of one hour, added in the order of events. Keys begin at one of its quarters, which
/// are counted from 0.
pub(crate) struct Hour {
    revenue: Revenue,
    firsts: Firsts,
}

impl Default for Hour {
    fn default() -> Self {
        Self { revenue: Revenue::new(true), firsts: Firsts::default() }
    }
}

impl Hour {
    /// Adds an event that happened so many milliseconds after the hour began.
    pub(crate) fn add(&mut self, at_ms: i64, said: &Said<'_>) -> Result<(), TooMuch> {
        let entry = self.revenue.add(at_ms / QUARTER_MS, said)?;
        match said.order {
            Some(order) if said.is_order() => self.firsts.add(order, 0, entry),
            _ => Ok(()),
        }
    }

    /// What is summed up together, and what it comes to.
    pub(crate) fn entries(&self) -> &[(Key, Sums)] {
        &self.revenue.entries
    }

    /// Payments and refunds that lack a currency or a location.
    pub(crate) fn waiting(&self) -> &[Waiting] {
        &self.revenue.waiting
    }

    /// The first order of each id, with its entry.
    pub(crate) fn orders(&self) -> impl Iterator<Item = (OrderHash, u32)> {
        self.firsts.iter()
    }
}

impl Revenue {
    /// Adds an hour's entries, whose keys begin where their bucket does, and those that wait of them. An entry that is
    /// none of them is nothing.
    pub(crate) fn add_hour(
        &mut self,
        entries: impl Iterator<Item = (Key, Sums)>,
        waiting: impl Iterator<Item = Waiting>,
    ) -> Result<(), TooMuch> {
        let entries = entries.map(|(key, sums)| self.sum(key, sums)).collect::<Result<Vec<_>, _>>()?;
        for found in waiting {
            let entry = usize::try_from(found.entry).ok().and_then(|entry| entries.get(entry));
            if let Some(entry) = entry {
                self.wait(Waiting { entry: *entry, ..found })?;
            }
        }
        Ok(())
    }
}
