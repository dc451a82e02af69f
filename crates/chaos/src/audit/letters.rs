//! The dead letters: which operations were put aside, and why.

use std::collections::{BTreeMap, BTreeSet};

use bus::{BusError, Channels, Delivery};

use super::topic;
use crate::operation::Place;

/// Reasons by the place of the operation. A letter that was written again is one.
#[derive(Debug, Default)]
pub(crate) struct Letters {
    pub(crate) reasons: BTreeMap<Place, BTreeSet<String>>,
    /// Whether none has been removed yet.
    pub(crate) complete: bool,
}

impl Letters {
    pub(crate) async fn read(channels: &Channels) -> Result<Self, BusError> {
        let mut letters = Self::default();
        let begins = topic::read(&channels.bus, &channels.dead_letters, bus::From::Beginning, |letter| {
            let name = header(&letter, "millrace-topic");
            if name.is_some_and(|name| name == channels.events.name)
                && let (Some(place), Some(reason)) = (place(&letter), header(&letter, "millrace-reason"))
            {
                letters.reasons.entry(place).or_default().insert(reason.to_owned());
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

/// Where the letter's operation is.
fn place(letter: &Delivery) -> Option<Place> {
    let partition = header(letter, "millrace-partition")?.parse().ok()?;
    let offset = header(letter, "millrace-offset")?.parse().ok()?;
    Some(Place { partition, offset })
}

/// The last header of the name: the operation's own headers come first.
fn header<'a>(letter: &'a Delivery, name: &str) -> Option<&'a str> {
    let (_, value) = letter.headers.iter().rev().find(|(found, _)| found == name)?;
    std::str::from_utf8(value).ok()
}
