//! The circuit breaker: tells a bad deployment from bad requests.
//!
//! When ClickHouse refuses most rows, or most messages have a format that this consumer is too old
//! for, batch after batch, the fault is not in the messages, and making dead letters of them all
//! helps nobody. A pure state machine; whoever asks it waits and tries the same batch again.

use std::time::Duration;

use tokio::time::Instant;

/// So many batches in a row must be mostly bad …
const BATCHES: usize = 3;
/// … with so many bad messages among them …
const FLOOR: usize = 100;
/// … within this time. Fewer, and they are dead letters like any other.
const WINDOW: Duration = Duration::from_mins(10);

#[derive(Default)]
pub(crate) struct Breaker {
    /// Mostly bad batches in a row, up to the last one that passed.
    streak: Option<Streak>,
    /// Whether a batch is being held.
    holds: bool,
}

#[derive(Clone, Copy)]
struct Streak {
    since: Instant,
    batches: usize,
    bad: usize,
}

impl Breaker {
    /// Whether a batch may pass, of whose `messages` so many are `bad` in a way that a deployment can
    /// be at fault for. One that may not is to be judged again after another try.
    pub(crate) fn lets_pass(&mut self, now: Instant, messages: usize, bad: usize) -> bool {
        if bad * 2 <= messages {
            *self = Self::default();
            return true;
        }
        if self.holds {
            return false;
        }
        let before = self.streak.filter(|streak| now.duration_since(streak.since) <= WINDOW);
        let before = before.unwrap_or(Streak { since: now, batches: 0, bad: 0 });
        let streak = Streak { batches: before.batches + 1, bad: before.bad + bad, ..before };
        self.holds = streak.batches >= BATCHES && streak.bad >= FLOOR;
        self.streak = Some(streak);
        !self.holds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_that_are_mostly_bad_one_after_the_other_are_held() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        assert!(breaker.lets_pass(now, 100, 60));
        assert!(breaker.lets_pass(now, 100, 60));
        assert!(!breaker.lets_pass(now, 100, 60));
        assert!(!breaker.lets_pass(now + 2 * WINDOW, 100, 60), "it stays held");
        assert!(!breaker.lets_pass(now + 4 * WINDOW, 100, 60));
        assert!(breaker.lets_pass(now + 4 * WINDOW, 100, 50), "until it is better");
        assert!(breaker.lets_pass(now + 4 * WINDOW, 100, 60), "from the beginning");
    }

    #[test]
    fn bad_messages_among_good_ones_few_ones_and_rare_ones_pass() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..100 {
            assert!(breaker.lets_pass(now, 1_000, 500));
        }
        for _ in 0..FLOOR - 1 {
            assert!(breaker.lets_pass(now, 1, 1));
        }
        assert!(!breaker.lets_pass(now, 1, 1));

        let mut breaker = Breaker::default();
        for n in 0..100 {
            assert!(breaker.lets_pass(now + n * WINDOW, 60, 60));
        }
    }
}
