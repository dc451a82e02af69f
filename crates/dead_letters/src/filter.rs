//! Which letters are asked for.

use std::collections::BTreeSet;

use bus::{From, Offsets};
use model::Timestamp;

use crate::Letter;

/// All letters that are named, or all that have this reason, within the period.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The letters' ids; any if empty.
    pub ids: BTreeSet<i64>,
    /// The reason's code; any if absent.
    pub reason: Option<String>,
    /// Letters that came at this time or later.
    pub since: Option<Timestamp>,
    /// Letters that came before this time.
    pub until: Option<Timestamp>,
}

impl Filter {
    /// The one letter with this id.
    pub fn of(id: i64) -> Self {
        Self { ids: BTreeSet::from([id]), ..Self::default() }
    }

    /// Where on their topic, which has one partition, the first of them may be.
    pub(crate) fn start(&self) -> From {
        match (self.ids.first(), self.since) {
            (None, Some(since)) => From::Time(since),
            (first, _) => From::Offsets(Offsets::from([(0, first.copied().unwrap_or_default())])),
        }
    }

    pub(crate) fn matches(&self, letter: &Letter) -> bool {
        (self.ids.is_empty() || self.ids.contains(&letter.id))
            && self.reason.as_ref().is_none_or(|reason| *reason == letter.reason)
            && self.since.is_none_or(|since| letter.at >= since)
            && self.until.is_none_or(|until| letter.at < until)
    }

    /// Whether neither this letter nor any behind it can match.
    pub(crate) fn is_past(&self, letter: &Letter) -> bool {
        self.ids.last().is_some_and(|last| letter.id > *last)
    }
}
