//! The operations at fault for rows that the table refuses.

use std::collections::{HashMap, HashSet};

use bus::Delivery;
use dead_letters::{REFUSED, Reason};
use model::{EventKey, Stored};
use store::Lookup;

use crate::apply::{Applier, unknown_updates};
use crate::decode::decode;
use crate::fold::{Fate, Outcome, Step, fold};

/// Where to look: in a batch whose other rows are written.
pub(crate) struct Bisection<'s, 'a> {
    pub(crate) applier: &'s Applier,
    pub(crate) deliveries: &'a [Delivery],
    /// Of the delivery of each of the batch's steps.
    pub(crate) indexes: &'s [usize],
}

/// One operation of an event.
struct Own<'a> {
    /// Which of the batch's steps it is.
    number: usize,
    /// Its delivery.
    index: usize,
    step: Step<'a>,
}

impl<'a> Bisection<'_, 'a> {
    /// Makes dead letters of the operations at fault, writes what is left of their events, and returns that.
    pub(crate) async fn run(
        &self,
        refused: HashSet<EventKey>,
        fates: &mut [Fate],
    ) -> anyhow::Result<Vec<(EventKey, Stored<'a>)>> {
        let mut rows = Vec::with_capacity(refused.len());
        let mut operations = self.operations(&refused);
        let mut lookup_budget = self.applier.lookup_budget.clone();
        // As before the batch: nothing of these events was written.
        let mut left: Vec<_> = refused.into_iter().collect();
        while !left.is_empty() {
            let Lookup { rows: mut stored, left: later, .. } =
                self.applier.table.look_up(left.clone(), &mut lookup_budget).await?;
            let later: HashSet<_> = later.into_iter().collect();
            left.retain(|key| !later.contains(key));
            for key in left {
                let own = operations.remove(&key).unwrap_or_default();
                let before = stored.remove(&key);
                rows.extend(self.settle(&key, &own, before, fates).await?.map(|row| (key, row)));
            }
            left = later.into_iter().collect();
        }
        Ok(rows)
    }

    /// Each event's operations, in their order.
    fn operations(&self, refused: &HashSet<EventKey>) -> HashMap<EventKey, Vec<Own<'a>>> {
        let mut all: HashMap<_, Vec<_>> = HashMap::new();
        for (number, index) in self.indexes.iter().enumerate() {
            let Some(Ok(step)) = self.deliveries.get(*index).map(decode) else { continue };
            let key = step.operation.key();
            if refused.contains(&key) {
                all.entry(key).or_default().push(Own { number, index: *index, step });
            }
        }
        all
    }

    /// Folds one event's operations onto its row by parts: one that is refused is halved, down to the
    /// culprit. What goes to the dead letters is there before a later row is written, which would make
    /// it look like a replay.
    async fn settle(
        &self,
        key: &EventKey,
        own: &[Own<'a>],
        before: Option<Stored<'a>>,
        fates: &mut [Fate],
    ) -> anyhow::Result<Option<Stored<'a>>> {
        let (mut row, mut written) = (before, false);
        // What the batch has told to be unknown is on the dead-letter topic already.
        let mut unknown_before: HashSet<_> = own
            .iter()
            .filter(|own| fates.get(own.number) == Some(&Fate::UnknownEvent))
            .map(|own| own.index)
            .collect();
        let mut parts = vec![own];
        while let Some(part) = parts.pop() {
            let steps = part.iter().map(|own| own.step.clone()).collect();
            let stored = row.iter().map(|row| (key.clone(), row.clone())).collect();
            let Outcome { mut rows, fates: own_fates, .. } = fold(steps, stored);
            for (own, fate) in part.iter().zip(&own_fates) {
                if let Some(known) = fates.get_mut(own.number) {
                    *known = *fate;
                }
            }
            let indexes: Vec<_> = part.iter().map(|own| own.index).collect();
            let mut unknown = unknown_updates(&indexes, &own_fates);
            unknown.retain(|(index, _)| unknown_before.insert(*index));
            self.applier.write_dead_letters(self.deliveries, &unknown).await?;

            match (self.applier.table.try_again(&rows).await?, part) {
                (Ok(()), _) => {
                    if let Some((_, new)) = rows.pop() {
                        (row, written) = (Some(new), true);
                    }
                }
                (Err(error), [culprit]) => {
                    let letter = (culprit.index, Reason::new(REFUSED, error.detail()));
                    self.applier.write_dead_letters(self.deliveries, &[letter]).await?;
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
