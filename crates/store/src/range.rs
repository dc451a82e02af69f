//! The times that a question is about.

use model::Timestamp;

/// From a time on, up to but not including another, as seen at a third: of what lies behind that nothing is
/// counted, since it has not happened yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    from: Timestamp,
    to: Timestamp,
    now: Timestamp,
}

/// Times that can't be meant. Says which parameter is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// Nothing would lie in it.
    #[error("from must be before to: from is {from}, to is {to}")]
    Empty {
        /// Where the range begins.
        from: Timestamp,
        /// Where it ends.
        to: Timestamp,
    },
}

impl Range {
    /// `[from, to)` as seen at `now`.
    pub fn new(from: Timestamp, to: Timestamp, now: Timestamp) -> Result<Self, RangeError> {
        if from < to { Ok(Self { from, to, now }) } else { Err(RangeError::Empty { from, to }) }
    }

    /// The first time in it.
    pub fn from(&self) -> Timestamp {
        self.from
    }

    /// The first time behind it.
    pub fn to(&self) -> Timestamp {
        self.to
    }

    /// When it was asked for.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The first time of which nothing is counted: the range's end, or what comes after now.
    pub(crate) fn counted_to(&self) -> Timestamp {
        let after_now = Timestamp::from_millis(self.now.millis() + 1).unwrap_or(Timestamp::MAX);
        self.to.min(after_now)
    }
}
