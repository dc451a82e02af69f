//! How many entries a read asks for: Redis counts those of each stream, and no bytes.

use std::sync::Arc;

/// What a read of all streams should bring at most, by the sizes of the entries before, in bytes.
const READ_BYTES: usize = 4 << 20;
/// At most so many entries are read at once, of all streams together: they may be far larger than those before.
const READ_ENTRIES: usize = 256;
/// How many entries the first read asks for, of all streams together.
const FIRST_READ: usize = 64;
/// A size falls by this part of it with each read, so that a stream which is quiet does not slow down the others.
const FADING: usize = 8;

/// How large the entries of each stream have been lately, in bytes.
pub(crate) struct EntrySizes(Vec<(Arc<str>, usize)>);

impl EntrySizes {
    /// Those of streams of which nothing is known yet.
    pub(crate) fn new(streams: &[Arc<str>]) -> Self {
        let size = READ_BYTES / FIRST_READ;
        Self(streams.iter().map(|stream| (Arc::clone(stream), size)).collect())
    }

    /// How many entries of each stream to ask for.
    pub(crate) fn count(&self) -> usize {
        let one_of_each: usize = self.0.iter().map(|(_, size)| size).sum();
        let most = READ_ENTRIES / self.0.len().max(1);
        (READ_BYTES / one_of_each.max(1)).min(most).max(1)
    }

    /// Notes that a new read begins to tell.
    pub(crate) fn fade(&mut self) {
        for (_, size) in &mut self.0 {
            *size -= *size / FADING;
        }
    }

    /// Notes what some entries of a stream take.
    pub(crate) fn note(&mut self, stream: &str, entries: usize, bytes: usize) {
        for (_, size) in self.0.iter_mut().filter(|(known, _)| **known == *stream) {
            *size = (*size).max(bytes / entries.max(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What reads bring of streams that are full, by the sizes of their entries: the bytes of each read.
    fn reads(sizes: &mut EntrySizes, entries: &[(&str, usize)], times: usize) -> Vec<usize> {
        let read = |_| {
            let count = sizes.count();
            sizes.fade();
            for (stream, size) in entries {
                sizes.note(stream, count, count * size);
            }
            entries.iter().map(|(_, size)| count * size).sum()
        };
        (0..times).map(read).collect()
    }

    fn new(streams: &[&str]) -> EntrySizes {
        EntrySizes::new(&streams.iter().map(|stream| Arc::from(*stream)).collect::<Vec<_>>())
    }

    #[test]
    fn small_entries_beside_large_ones_bring_no_more_than_a_read_may() {
        let mut sizes = new(&["small", "large"]);
        let bytes = reads(&mut sizes, &[("small", 300), ("large", 1 << 20)], 50);
        assert!(bytes[0] <= FIRST_READ << 20, "{bytes:?}");
        assert!(bytes[1..].iter().all(|bytes| *bytes <= READ_BYTES), "{bytes:?}");
    }

    #[test]
    fn entries_that_grow_bring_too_much_once() {
        let mut sizes = new(&["a"]);
        reads(&mut sizes, &[("a", 300)], 50);
        let bytes = reads(&mut sizes, &[("a", 1 << 20)], 50);
        assert!(bytes[0] <= READ_ENTRIES << 20, "{bytes:?}");
        assert!(bytes[1..].iter().all(|bytes| *bytes <= READ_BYTES), "{bytes:?}");
    }

    #[test]
    fn a_stream_that_is_quiet_does_not_slow_down_the_others() {
        let mut sizes = new(&["quiet", "busy"]);
        reads(&mut sizes, &[("quiet", 1 << 20), ("busy", 300)], 1);
        assert_eq!(sizes.count(), 3);
        reads(&mut sizes, &[("busy", 300)], 100);
        assert_eq!(sizes.count(), READ_ENTRIES / 2);
        assert_eq!(new(&["a"; 1_000]).count(), 1);
    }
}
