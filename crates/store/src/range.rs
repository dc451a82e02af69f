//! The times that a question is about.

mod compare;
mod grid;
mod interval;
mod resolve;
mod spec;

use model::Timestamp;

pub use compare::Compare;
pub use grid::{Bucket, BucketStart, Grid};
pub(crate) use grid::{EXTENDED, START};
pub use interval::{Interval, WeekStart};
pub use resolve::ResolveError;
pub use spec::{RangeParams, RangeSpec};

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
    /// Neither an instant nor a date.
    #[error(
        "{0} must be a date such as 2026-11-20 or an RFC 3339 time with its offset (a + is sent as %2B), between 1970 and 2299"
    )]
    Time(&'static str),
    /// The end is now where it counts back in days.
    #[error("days can't be given together with from or to")]
    DaysBeside,
    /// Not in the server's database.
    #[error("timezone must be an IANA name such as Europe/Berlin: {0:?} is unknown")]
    UnknownZone(String),
    /// None of the intervals that there are.
    #[error("unknown interval {0:?}: it must be auto, minute, hour, day, week or month")]
    Interval(String),
    /// Neither Monday nor Sunday.
    #[error("week_start must be monday or sunday")]
    WeekStart,
    /// A list of them would be too long.
    #[error("the range has more than {most} buckets of one {interval}: ask for a longer interval")]
    TooManyBuckets {
        /// The interval's name.
        interval: &'static str,
        /// How many there may be.
        most: i64,
    },
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

    /// From a time on, without an end: also what lies ahead of now, by a clock that is ahead.
    pub fn since(from: Timestamp) -> Self {
        Self { from, to: Timestamp::MAX, now: Timestamp::MAX }
    }

    /// The same for times that were computed: of those that no event can have the nearest that one can.
    pub(crate) fn between(from_ms: i64, to_ms: i64, now: Timestamp) -> Self {
        let nearest = |millis: i64| Timestamp::from_millis(millis.max(0)).unwrap_or(Timestamp::MAX);
        Self { from: nearest(from_ms), to: nearest(to_ms), now }
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

    /// The now of a range that begins at another time and is compared with this one: as far behind its begin, while
    /// this one goes on.
    fn elapsed_since(&self, from: Timestamp) -> Timestamp {
        if self.now >= self.to {
            return self.now;
        }
        let elapsed = self.now.millis() - self.from.millis();
        Timestamp::from_millis(from.millis() + elapsed).unwrap_or_default()
    }

    /// The first time of which nothing is counted: the range's end, or what comes after now.
    pub(crate) fn counted_to(&self) -> Timestamp {
        self.to.min(self.after_now())
    }

    /// The first time that is still to come.
    pub(crate) fn after_now(&self) -> Timestamp {
        Timestamp::from_millis(self.now.millis() + 1).unwrap_or(Timestamp::MAX)
    }
}
