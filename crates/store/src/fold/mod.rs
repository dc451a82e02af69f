//! Answers that follow from the order of events, which SQL can't tell exactly: pure folds over what the server has
//! sorted. Nothing here asks anybody.

pub(crate) mod active_users;
pub(crate) mod funnel;
pub(crate) mod inventory;
pub(crate) mod paths;
mod percentile;
pub(crate) mod products;
pub(crate) mod revenue;
pub(crate) mod sessions;
pub(crate) mod tally;
pub(crate) mod trails;

pub(crate) use percentile::percentile;

/// Events of one user or conversation that are held at most.
pub(crate) const MAX_EVENTS: usize = 1_000_000;
/// Bytes that are held at most of what many of them come to.
const MAX_BYTES: usize = 128 << 20;

/// There is more than may be held.
#[derive(Debug)]
pub(crate) struct TooMuch;

/// Entries of a few texts each that are held at most.
const MAX_ENTRIES: usize = 4_000_000;

/// An error if there are more of them than may be held.
pub(crate) fn bounded(entries: usize) -> Result<(), TooMuch> {
    if entries > MAX_ENTRIES { Err(TooMuch) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_entries_that_are_too_many() {
        assert!(bounded(MAX_ENTRIES).is_ok() && bounded(MAX_ENTRIES + 1).is_err());
    }
}
