//! Sessions of users: runs of their events in which no gap reaches 30 minutes.

/// How long nothing happens between two sessions of a user, in milliseconds.
pub(crate) const GAP_MS: i64 = 30 * 60_000;

/// The sessions of one user's events, which are in their order; `at` says when each happened, in milliseconds.
pub(crate) fn sessions<T>(events: &[T], at: impl Fn(&T) -> i64) -> impl Iterator<Item = &[T]> {
    events.chunk_by(move |earlier, later| at(later) - at(earlier) < GAP_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_of_30_minutes_ends_a_session() {
        let lengths = |times: &[i64]| sessions(times, |at| *at).map(<[i64]>::len).collect::<Vec<_>>();
        assert_eq!(lengths(&[]), [0; 0]);
        assert_eq!(lengths(&[0]), [1]);
        assert_eq!(lengths(&[0, GAP_MS - 1, 2 * GAP_MS - 2]), [3]);
        assert_eq!(lengths(&[0, 0, GAP_MS, 2 * GAP_MS - 1, 3 * GAP_MS]), [2, 2, 1]);
    }
}
