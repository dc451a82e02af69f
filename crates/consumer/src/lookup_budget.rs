//! How many events are looked up at once, so that their rows stay within a number of bytes: a batch is
//! bounded by what its messages hold, not by what the events that they update do.

/// The most keys that one query names.
const MOST: usize = 10_000;
/// How many keys the first look-up names, when nothing is known of the rows' sizes. The limit in bytes holds all
/// the same.
const FIRST: usize = 1_000;

/// The size of the next look-up, learned from the rows that the last ones found.
#[derive(Clone)]
pub(crate) struct LookupBudget {
    max_bytes: usize,
    keys: usize,
    /// The bytes that a row took lately, on average.
    row_bytes: usize,
}

impl LookupBudget {
    /// A budget of `max_bytes` for the rows that are held at once; one row may go beyond it.
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { max_bytes, keys: FIRST, row_bytes: 0 }
    }

    /// How many keys may be looked up next.
    pub(crate) fn keys(&self) -> usize {
        self.keys
    }

    /// How many bytes the rows of further look-ups may take, when `held` bytes of rows are held already.
    pub(crate) fn left(&self, held: usize) -> usize {
        self.max_bytes.saturating_sub(held)
    }

    /// Whether the rows of another look-up of up to `keys` keys fit beside `held` bytes of rows, if they are as large
    /// as the last ones. An answer that has to be broken off costs the server twice.
    pub(crate) fn has_room(&self, held: usize, keys: usize) -> bool {
        held == 0 || self.row_bytes.saturating_mul(self.keys.min(keys)) <= self.left(held)
    }

    /// Expects the next rows to be as large as those that a look-up has just found. The number of keys at most
    /// doubles, since the next rows may be larger after all.
    pub(crate) fn learn(&mut self, rows: usize, bytes: usize) {
        self.row_bytes = bytes.checked_div(rows).unwrap_or(self.row_bytes);
        let fit = bytes.checked_div(rows).map_or(MOST, |row| self.max_bytes / row.max(1));
        self.keys = fit.clamp(1, MOST.min(2 * self.keys));
    }

    /// Lets the next look-up name at most so many keys: one of more was too much for the server, or told nothing.
    pub(crate) fn at_most(&mut self, keys: usize) {
        self.keys = keys.clamp(1, self.keys);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_the_rows_the_fewer_at_once() {
        let mut lookup_budget = LookupBudget::new(16 << 20);
        for (rows, bytes, keys) in [
            (100, 100 << 10, 2 * FIRST),
            (0, 0, 4 * FIRST),
            (100, 100 << 10, 8 * FIRST),
            (100, 100 << 10, MOST),
            (10, 1 << 20, 160),
            (1_000, 1 << 10, 320),
            (1, 8 << 20, 2),
            (1, 32 << 20, 1),
        ] {
            lookup_budget.learn(rows, bytes);
            assert_eq!(lookup_budget.keys(), keys, "{rows} rows of {bytes} bytes");
        }
        lookup_budget.at_most(0);
        assert_eq!(lookup_budget.keys(), 1, "one is always looked up");
    }

    #[test]
    fn a_look_up_whose_rows_would_not_fit_waits() {
        let mut lookup_budget = LookupBudget::new(16 << 20);
        assert!(lookup_budget.has_room(0, MOST), "nothing is known yet");
        lookup_budget.learn(1_000, 1_000 << 10);
        assert!(lookup_budget.has_room(0, MOST) && lookup_budget.has_room(12 << 20, 2 * FIRST));
        assert!(!lookup_budget.has_room(15 << 20, 2 * FIRST) && lookup_budget.has_room(15 << 20, 500));
    }
}
