//! The dead letters: which operations were put aside, and why.

use std::collections::{BTreeMap, BTreeSet};

use bus::{BusError, Channels};
use dead_letters::Letter;

use crate::operation::Place;
use crate::topic;

/// Reasons by the place of the operation. A letter that was written again is one.
#[derive(Debug, Default)]
pub(crate) struct Letters {
    pub(crate) reasons: BTreeMap<Place, BTreeSet<String>>,
    /// Whether none has been removed yet.
    pub(crate) complete: bool,
}

impl Letters {
    pub(crate) async fn read(channels: &Channels) -> Result<Self, BusError> {
        let Channels { bus, dead_letters, events, .. } = channels;
        let mut letters = Self::default();
        let begins = topic::read(bus, dead_letters, bus::From::Beginning, |letter| {
            let Letter { place, reason, .. } = Letter::read(&dead_letters.name, letter);
            // What is no letter is at a place of its own.
            if place.topic == events.name && !reason.is_empty() {
                let place = Place { partition: place.partition, offset: place.offset };
                letters.reasons.entry(place).or_default().insert(reason);
            }
        })
        .await?;
        letters.complete = begins.values().all(|span| span.begin == 0);
        Ok(letters)
    }

    pub(crate) fn has(&self, place: Place, reason: &str) -> bool {
        self.reasons.get(&place).is_some_and(|reasons| reasons.contains(reason))
    }

    /// How many operations there are of each reason.
    pub(crate) fn count(&self) -> BTreeMap<String, usize> {
        let mut count = BTreeMap::new();
        for reason in self.reasons.values().flatten() {
            *count.entry(reason.clone()).or_default() += 1;
        }
        count
    }
}
