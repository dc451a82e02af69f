//! Answers that are dear to get and the same for all who ask.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// Asks at most once at a time and once every so often, for all who want to know.
pub(crate) struct Sampler<T> {
    every: Duration,
    last: Mutex<Option<Sample<T>>>,
}

struct Sample<T> {
    asked: Instant,
    answer: T,
}

impl<T: Clone> Sampler<T> {
    pub(crate) fn new(every: Duration) -> Self {
        Self { every, last: Mutex::new(None) }
    }

    /// An answer to a question that was asked after this was called, by this caller or another one.
    pub(crate) async fn latest(&self, ask: impl AsyncFnOnce() -> T) -> T {
        let called = Instant::now();
        let mut last = self.last.lock().await;
        if let Some(sample) = &*last {
            if sample.asked >= called {
                return sample.answer.clone();
            }
            sleep_until(sample.asked + self.every).await;
        }
        Self::renew(&mut last, ask).await
    }

    /// An answer that is no older than the time between two questions: one that is there, or else a new one.
    pub(crate) async fn recent(&self, ask: impl AsyncFnOnce() -> T) -> T {
        let mut last = self.last.lock().await;
        if let Some(sample) = &*last
            && sample.asked.elapsed() < self.every
        {
            return sample.answer.clone();
        }
        Self::renew(&mut last, ask).await
    }

    async fn renew(last: &mut Option<Sample<T>>, ask: impl AsyncFnOnce() -> T) -> T {
        let asked = Instant::now();
        let answer = ask().await;
        *last = Some(Sample { asked, answer: answer.clone() });
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;
    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn one_question_answers_all_who_asked_before_it() {
        let (sampler, questions) = (Sampler::new(Duration::ZERO), AtomicUsize::new(0));
        let (begun, answered) = (Semaphore::new(0), Semaphore::new(0));
        let ask = async || {
            begun.add_permits(1);
            answered.acquire().await.unwrap().forget();
            questions.fetch_add(1, Ordering::Relaxed) + 1
        };
        let first = sampler.latest(ask);
        let others = async {
            // These ask while the first is being answered: its answer may be too old for them.
            begun.acquire().await.unwrap().forget();
            answered.add_permits(2);
            join_all((0..500).map(|_| sampler.latest(ask))).await
        };
        let (first, others) = tokio::join!(first, others);
        assert_eq!((first, questions.into_inner()), (1, 2));
        assert!(others.iter().all(|seen| *seen == 2));
    }

    #[tokio::test]
    async fn a_recent_answer_is_given_again() {
        let questions = AtomicUsize::new(0);
        let ask = async || questions.fetch_add(1, Ordering::Relaxed) + 1;
        let sampler = Sampler::new(Duration::from_secs(3_600));
        assert_eq!((sampler.recent(ask).await, sampler.recent(ask).await), (1, 1));
        let sampler = Sampler::new(Duration::ZERO);
        assert_eq!((sampler.recent(ask).await, sampler.recent(ask).await), (2, 3));
    }
}
