//! Days whose users are rolled up, one after the other, where no hour is due.

use std::collections::HashMap;
use std::time::Duration;

use store::{Hour, StoreError};
use tokio::time::Instant;

use super::Worker;

/// Days that are looked for together, and how often once all that were found are done.
const MOST: u64 = 100;
const EVERY: Duration = Duration::from_mins(1);

/// How long one turn goes on.
const TURN: Duration = Duration::from_secs(1);

/// How long a day is left whose users are too many. Its hours are read in its place.
const TOO_LARGE: Duration = Duration::from_hours(1);

/// The days that were found, and what is known of others.
#[derive(Default)]
pub(super) struct Days {
    /// The next one last.
    waiting: Vec<Hour>,
    /// When to look for more; at once without.
    look_at: Option<Instant>,
    /// Those that were too large, until when they are left.
    too_large: HashMap<Hour, Instant>,
}

impl Days {
    /// Rolls up the next days, newest first. Returns whether none is left that was found.
    pub(super) async fn next(&mut self, worker: &Worker) -> Result<bool, StoreError> {
        let begun = Instant::now();
        if self.waiting.is_empty() && self.look_at.is_none_or(|at| at <= begun) {
            self.too_large.retain(|_, until| *until > begun);
            let most = MOST + self.too_large.len() as u64;
            let found = worker.timed(worker.store.days_behind(most)).await.1?;
            self.found(found, most, Instant::now());
        }
        while let Some(day) = self.waiting.pop() {
            match worker.timed(worker.store.roll_up_day(&day)).await.1 {
                Err(error) if error.is_too_large() => {
                    tracing::warn!(%error, day = day.start, "the users of a day are too many to be rolled up");
                    self.too_large.insert(day, Instant::now() + TOO_LARGE);
                }
                done => done?,
            }
            if begun.elapsed() > TURN {
                break;
            }
        }
        Ok(self.waiting.is_empty() && self.look_at.is_some())
    }

    /// Takes in what was found, newest first, when at most so many were looked for: with fewer that is all there is.
    fn found(&mut self, days: Vec<Hour>, most: u64, now: Instant) {
        self.look_at = ((days.len() as u64) < most).then(|| now + EVERY);
        self.waiting = days.into_iter().rev().filter(|day| !self.too_large.contains_key(day)).collect();
    }
}

#[cfg(test)]
mod tests {
    use model::Tenant;

    use super::*;

    fn days(count: u64) -> Vec<Hour> {
        let tenant = Tenant::parse("shop").unwrap();
        (0..count)
            .rev()
            .map(|day| Hour { tenant: tenant.clone(), start: u32::try_from(day).unwrap() * 86_400 })
            .collect()
    }

    #[test]
    fn days_are_looked_for_again_at_once_while_there_may_be_more() {
        let (mut state, now) = (Days::default(), Instant::now());
        state.found(days(MOST), MOST, now);
        assert_eq!((state.look_at, state.waiting.len()), (None, 100));
        assert_eq!(state.waiting.last(), days(MOST).first(), "the newest is next");
        state.found(days(3), MOST, now);
        assert_eq!((state.look_at, state.waiting.len()), (Some(now + EVERY), 3));
    }

    #[test]
    fn days_that_were_too_large_hide_no_others() {
        let (mut state, now) = (Days::default(), Instant::now());
        state.too_large.extend(days(2).into_iter().map(|day| (day, now + TOO_LARGE)));
        state.found(days(5), MOST + 2, now);
        assert_eq!(state.waiting.iter().map(|day| day.start / 86_400).collect::<Vec<_>>(), [2, 3, 4]);
    }
}
