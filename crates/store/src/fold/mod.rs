//! Answers that follow from the order of events, which SQL can't tell exactly: pure folds over what the server has
//! sorted. Nothing here asks anybody.

pub(crate) mod active_users;
pub(crate) mod funnel;
pub(crate) mod inventory;
pub(crate) mod orders;
mod percentile;
pub(crate) mod products;
pub(crate) mod revenue;
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

/// Bytes that one fold over typed events holds at most.
const MAX_HELD_BYTES: usize = 256 << 20;
/// What an entry takes in memory besides its texts.
const ENTRY_BYTES: usize = 48;

/// About how many bytes a fold holds.
#[derive(Default)]
pub(crate) struct Held(usize);

impl Held {
    /// One entry more with these texts; an error if that is more than may be held.
    pub(crate) fn add<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>) -> Result<(), TooMuch> {
        self.bytes(ENTRY_BYTES + texts.into_iter().map(str::len).sum::<usize>())
    }

    /// So many bytes more; an error if that is more than may be held.
    pub(crate) fn bytes(&mut self, bytes: usize) -> Result<(), TooMuch> {
        self.0 += bytes;
        if self.0 > MAX_HELD_BYTES { Err(TooMuch) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_entries_are_too_much_and_so_are_long_texts() {
        let mut held = Held::default();
        assert!((0..MAX_HELD_BYTES / ENTRY_BYTES).all(|_| held.add([]).is_ok()));
        assert!(held.add([]).is_err());
        let text = "x".repeat(MAX_HELD_BYTES / 2);
        assert!(Held::default().add([text.as_str()]).is_ok());
        assert!(Held::default().add([text.as_str(), text.as_str()]).is_err());
    }
}
