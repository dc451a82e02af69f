//! What an audit found out.

use std::collections::BTreeMap;
use std::fmt;

use model::EventKey;

/// How an installation broke its promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Anomaly {
    /// An acknowledged operation is not where it was said to be, an event or a tombstone is not in the
    /// table, or a message that could not be applied is not among the dead letters.
    Lost,
    /// An event has more than one live row.
    Doubled,
    /// A live row has a field that its event has not.
    Stale,
    /// A deleted event has a live row.
    Resurrected,
    /// A live row belongs to an event that the topic never had.
    Stray,
    /// What an hour was rolled up as is not what its events come to.
    Misrolled,
}

impl Anomaly {
    /// Every kind of broken promise.
    pub const ALL: [Self; 6] =
        [Self::Lost, Self::Doubled, Self::Stale, Self::Resurrected, Self::Stray, Self::Misrolled];

    /// The word for it in the report.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Doubled => "doubled",
            Self::Stale => "stale",
            Self::Resurrected => "resurrected",
            Self::Stray => "stray",
            Self::Misrolled => "misrolled",
        }
    }
}

/// One broken promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How it was broken.
    pub anomaly: Anomaly,
    /// Of which event, if that is known.
    pub key: Option<EventKey>,
    /// What is there and what should be.
    pub detail: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<11} ", self.anomaly.as_str())?;
        if let Some(EventKey { tenant, id }) = &self.key {
            write!(f, "{id} of tenant {tenant}: ")?;
        }
        f.write_str(&self.detail)
    }
}

/// Updates with a key that a live event had had before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repeats {
    /// How many repeats changed nothing, since the row still remembered their key.
    pub known: usize,
    /// How many repeats were done again, since the row no longer remembered their key.
    pub forgotten: usize,
}

/// All that an audit has to say.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Broken promises; none in a good installation.
    pub findings: Vec<Finding>,
    /// Records of the topic.
    pub records: u64,
    /// Events that should be live.
    pub live: usize,
    /// Events that should have a tombstone.
    pub deleted: usize,
    /// Updates of events that were not there.
    pub unknown_updates: usize,
    /// Updates that came again with their key.
    pub repeats: Repeats,
    /// Operations with a dead letter, by its reason.
    pub letters: BTreeMap<String, usize>,
    /// Findings left out, of events that were written to during the audit or whose partition of the
    /// topic has lost its beginning: they prove nothing.
    pub unjudged: usize,
}

impl Report {
    /// How many findings are of this anomaly.
    pub fn count(&self, anomaly: Anomaly) -> usize {
        self.findings.iter().filter(|finding| finding.anomaly == anomaly).count()
    }
}
