//! Answers that are kept for a minute, so that they are not made again for every client that asks.

use std::hash::Hash;

use model::Timestamp;
use quick_cache::sync::Cache;

const MINUTE_MS: i64 = 60_000;

/// As many answers; those that are asked for least make room for others.
const MOST: usize = 100;

/// Answers by what was asked, until the minute is over. Of those who ask the same at once, one asks and the others
/// wait for the answer.
pub(crate) struct Kept<Q, A>(Cache<(Q, i64), A>);

impl<Q: Eq + Hash, A: Clone> Default for Kept<Q, A> {
    fn default() -> Self {
        Self(Cache::new(MOST))
    }
}

impl<Q: Eq + Hash + Clone, A: Clone> Kept<Q, A> {
    /// The answer of this minute. An error is not kept.
    pub(crate) async fn get<E>(
        &self,
        question: Q,
        now: Timestamp,
        ask: impl AsyncFnOnce() -> Result<A, E>,
    ) -> Result<A, E> {
        let key = (question, now.millis() / MINUTE_MS);
        self.0.get_or_insert_async(&key, ask()).await
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn an_answer_is_kept_for_its_minute_and_an_error_is_not() {
        let (kept, asked) = (Kept::<&str, u32>::default(), Cell::new(0));
        let get = async |question, millis, error| {
            let now = Timestamp::from_millis(millis).unwrap();
            let ask = async || {
                asked.set(asked.get() + 1);
                if error { Err(()) } else { Ok(asked.get()) }
            };
            kept.get(question, now, ask).await
        };
        assert_eq!(get("a", 0, true).await, Err(()));
        assert_eq!(get("a", 0, false).await, Ok(2));
        assert_eq!(get("a", 59_999, false).await, Ok(2));
        assert_eq!(get("b", 59_999, false).await, Ok(3));
        assert_eq!(get("a", 60_000, false).await, Ok(4));
    }
}
