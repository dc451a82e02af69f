//! Finds the operations that are at fault for rows that the table refuses, by halving the operations of each row's
//! event.

use std::collections::{HashMap, HashSet};

use bus::Delivery;
use dead_letters::{REFUSED, Reason};
use model::{EventKey, Stored};
use store::Lookup;

use crate::decode::decode;
use crate::fold::{Fate, Outcome, Step, fold};
use crate::letters::{Letters, unknown_updates};
use crate::lookup_budget::LookupBudget;
use crate::table::Table;

/// A search for operations at fault in a batch whose other rows are in the table.
pub(crate) struct Bisection<'s, 'a> {
    pub(crate) table: &'s Table,
    pub(crate) letters: &'s Letters,
    pub(crate) deliveries: &'a [Delivery],
    /// For each of the batch's steps the index of its delivery.
    pub(crate) indexes: &'s [usize],
    /// How much may be looked up at once.
    pub(crate) lookup_budget: LookupBudget,
}

/// An operation on a refused row's event: it may be at fault.
struct Candidate<'a> {
    /// The index of its step among the batch's steps.
    number: usize,
    /// The index of its delivery.
    index: usize,
    step: Step<'a>,
}

impl<'a> Bisection<'_, 'a> {
    /// Makes dead letters of the operations at fault, writes the rows that their events' other operations come to,
    /// and returns those rows. `fates` are those of the batch's steps, and are corrected here.
    pub(crate) async fn run(
        mut self,
        refused: HashSet<EventKey>,
        fates: &mut [Fate],
    ) -> anyhow::Result<Vec<(EventKey, Stored<'a>)>> {
        let mut rows = Vec::with_capacity(refused.len());
        let mut operations = self.operations(&refused);
        // Their rows are as they were before the batch, of which nothing was written for these events.
        let mut left: Vec<_> = refused.into_iter().collect();
        while !left.is_empty() {
            let Lookup { rows: mut stored, left: later, .. } =
                self.table.look_up(left.clone(), &mut self.lookup_budget).await?;
            let later: HashSet<_> = later.into_iter().collect();
            left.retain(|key| !later.contains(key));
            for key in left {
                let candidates = operations.remove(&key).unwrap_or_default();
                let before = stored.remove(&key);
                rows.extend(self.settle(&key, &candidates, before, fates).await?.map(|row| (key, row)));
            }
            left = later.into_iter().collect();
        }
        Ok(rows)
    }

    /// The operations on each refused event, in the order of the log.
    fn operations(&self, refused: &HashSet<EventKey>) -> HashMap<EventKey, Vec<Candidate<'a>>> {
        let mut all: HashMap<_, Vec<_>> = HashMap::new();
        for (number, index) in self.indexes.iter().enumerate() {
            let Some(Ok(step)) = self.deliveries.get(*index).map(decode) else { continue };
            let key = step.operation.key();
            if refused.contains(&key) {
                all.entry(key).or_default().push(Candidate { number, index: *index, step });
            }
        }
        all
    }

    /// Folds one event's operations onto its row part by part. A part whose row is refused is halved, down to the
    /// one operation at fault. That one's dead letter is written before a later row of the event, which would make
    /// the operation look like a replay. Returns the row that was written last, if any.
    async fn settle(
        &self,
        key: &EventKey,
        candidates: &[Candidate<'a>],
        before: Option<Stored<'a>>,
        fates: &mut [Fate],
    ) -> anyhow::Result<Option<Stored<'a>>> {
        let (mut row, mut written) = (before, false);
        // The updates that found no event in the batch's own fold are on the topic of dead letters already.
        let mut unknown_before: HashSet<_> = candidates
            .iter()
            .filter(|candidate| fates.get(candidate.number) == Some(&Fate::UnknownEvent))
            .map(|candidate| candidate.index)
            .collect();
        let mut parts = vec![candidates];
        while let Some(part) = parts.pop() {
            let steps = part.iter().map(|candidate| candidate.step.clone()).collect();
            let stored = row.iter().map(|row| (key.clone(), row.clone())).collect();
            let Outcome { mut rows, fates: part_fates, .. } = fold(steps, stored);
            for (candidate, fate) in part.iter().zip(&part_fates) {
                if let Some(known) = fates.get_mut(candidate.number) {
                    *known = *fate;
                }
            }
            let indexes: Vec<_> = part.iter().map(|candidate| candidate.index).collect();
            let mut unknown = unknown_updates(&indexes, &part_fates);
            unknown.retain(|(index, _)| unknown_before.insert(*index));
            self.letters.write(self.deliveries, &unknown).await?;

            match (self.table.try_again(&rows).await?, part) {
                (Ok(()), _) => {
                    if let Some((_, new)) = rows.pop() {
                        (row, written) = (Some(new), true);
                    }
                }
                (Err(error), [culprit]) => {
                    let letter = (culprit.index, Reason::new(REFUSED, error.detail()));
                    self.letters.write(self.deliveries, &[letter]).await?;
                    if let Some(fate) = fates.get_mut(culprit.number) {
                        *fate = Fate::Refused;
                    }
                }
                (Err(_), _) => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
            }
        }
        Ok(row.filter(|_| written))
    }
}
