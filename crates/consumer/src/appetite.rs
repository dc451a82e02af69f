//! How many events may be looked up at once, so that their rows stay within a number of bytes: a batch
//! is bounded by what its messages hold, not by what the events that they update do.

/// One query's worth.
const MOST: usize = 10_000;
const LEAST: usize = 50;
pub(crate) struct Appetite {
    max_bytes: usize,
    row_bytes: usize,
}

impl Appetite {
    /// Rows that were looked up may take about so many bytes. It begins with few: nothing is known of them.
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { max_bytes, row_bytes: max_bytes }
    }

    /// How many rows may be looked up next.
    pub(crate) fn keys(&self) -> usize {
        (self.max_bytes / self.row_bytes.max(1)).clamp(LEAST, MOST)
    }

    /// Takes the next rows to be like those that were found last.
    pub(crate) fn learn(&mut self, rows: usize, bytes: usize) {
        self.row_bytes = bytes.checked_div(rows).unwrap_or(self.row_bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_the_rows_the_fewer_at_once() {
        let mut appetite = Appetite::new(16 << 20);
        assert_eq!(appetite.keys(), LEAST);
        for (rows, bytes, keys) in
            [(100, 100 << 10, MOST), (0, 0, MOST), (10, 1 << 20, 160), (1, 8 << 20, LEAST)]
        {
            appetite.learn(rows, bytes);
            assert_eq!(appetite.keys(), keys, "{rows} rows of {bytes} bytes");
        }
    }
}
