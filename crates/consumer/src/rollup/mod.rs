//! Rolls hours up beside the pipeline: hours that were written to are computed again, so that questions need not read
//! their events. One consumer does so, only to save work: two do no harm.

mod days;
mod duty;
mod numbers;
mod schedule;
mod scrub;

use std::time::Duration;

use runtime::shutdown::Shutdown;
use store::{Dirty, Store, StoreError};
use tokio::time::{Instant, sleep};

pub(crate) use duty::Duty;
pub(crate) use numbers::Numbers;

use self::days::Days;
use self::schedule::Schedule;
use self::scrub::Scrub;

/// How often the dirty hours are looked at, at most.
const EVERY: Duration = Duration::from_secs(1);

/// How often while none is dirty and nothing is written here: others may write.
const IDLE_EVERY: Duration = Duration::from_secs(10);

/// How long nothing is done after a failure.
const HOLD: Duration = Duration::from_secs(5);

/// Dirty hours that are looked at together.
const MOST: u64 = 100_000;

/// How long after the last write here what came in is no more than was written. A batch takes less.
const CALM_AFTER: Duration = Duration::from_secs(30);

/// Rolls hours up. While the group is behind it takes a twentieth of the time, else half.
pub(crate) struct Worker {
    pub(crate) store: Store,
    pub(crate) duty: Duty,
    pub(crate) numbers: Numbers,
}

/// What a worker remembers.
#[derive(Default)]
struct State {
    schedule: Schedule,
    days: Days,
    scrub: Scrub,
}

/// What a turn leaves to be done.
#[derive(PartialEq)]
enum Left {
    Nothing,
    /// Nothing that is due yet.
    Later,
    Due,
}

impl Worker {
    /// Works until `shutdown`. What it is at then is left: whatever is half done was not begun.
    pub(crate) async fn run(self, shutdown: Shutdown) {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = self.work() => {}
        }
    }

    async fn work(self) {
        let mut state = State::default();
        let (mut left, mut turned_at, mut written_at) = (Left::Later, Instant::now(), Instant::now());
        loop {
            if left != Left::Due {
                sleep(EVERY).await;
            }
            let has_written = self.duty.take_written();
            if has_written {
                written_at = Instant::now();
            } else if written_at.elapsed() > CALM_AFTER {
                self.duty.behind(false);
            }
            if !self.duty.leads() {
                left = Left::Later;
                self.numbers.dirty_hours.set(0);
                self.numbers.oldest_dirty_seconds.set(0);
                continue;
            }
            if left == Left::Nothing && !has_written && turned_at.elapsed() < IDLE_EVERY {
                continue;
            }
            left = match self.turn(&mut state).await {
                Ok(left) => left,
                Err(error) => {
                    tracing::warn!(%error, "hours can't be rolled up just now: questions read their events");
                    self.numbers.failures.inc();
                    sleep(HOLD).await;
                    Left::Later
                }
            };
            turned_at = Instant::now();
        }
    }

    /// Rolls up the hours that are due, as they were listed once, for a second, or as long as it took to list them.
    async fn turn(&self, state: &mut State) -> Result<Left, StoreError> {
        let schedule = &mut state.schedule;
        let (listing, dirty) = self.timed(self.store.dirty_hours(MOST)).await;
        let (mut dirty, begun) = (dirty?, Instant::now());
        schedule.look(&dirty, begun);
        self.numbers.dirty_hours.set(i64::try_from(dirty.len()).unwrap_or(i64::MAX));
        let oldest = schedule.oldest_closed(&dirty, begun).as_secs();
        self.numbers.oldest_dirty_seconds.set(i64::try_from(oldest).unwrap_or(i64::MAX));
        let is_done = dirty.is_empty();
        while begun.elapsed() < EVERY.max(listing) {
            let hours = schedule.take(&mut dirty, Instant::now());
            if hours.is_empty() {
                // What is done when no hour is due.
                let days_are_done = state.days.next(self).await?;
                state.scrub.next(self).await?;
                return Ok(if is_done && days_are_done { Left::Nothing } else { Left::Later });
            }
            self.roll_up(schedule, &hours).await?;
        }
        Ok(Left::Due)
    }

    async fn roll_up(&self, schedule: &mut Schedule, hours: &[Dirty]) -> Result<(), StoreError> {
        let (took, done) = self.timed(self.store.roll_up(hours)).await;
        match done {
            Ok(()) => {
                schedule.done(hours, took, Instant::now());
                self.numbers.hours.inc_by(u64::try_from(hours.len()).unwrap_or_default());
                self.numbers.seconds.observe(took.as_secs_f64());
                Ok(())
            }
            // Fewer may do, and one alone is left dirty for a while.
            Err(error) if error.is_too_large() => {
                tracing::warn!(%error, hours = hours.len(), "hours were too much to be rolled up at once");
                schedule.too_large(hours, Instant::now());
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Rests behind a statement, the longer the longer it took, which is told too.
    async fn timed<T>(
        &self,
        statement: impl Future<Output = Result<T, StoreError>>,
    ) -> (Duration, Result<T, StoreError>) {
        let begun = Instant::now();
        let answer = statement.await;
        let took = begun.elapsed();
        sleep(took * self.duty.rest()).await;
        (took, answer)
    }
}
