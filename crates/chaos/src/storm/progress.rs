//! Lines that tell how the storm goes, while something is waited for.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::site::Site;
use super::tally::Tally;
use crate::load::Load;

const EVERY: Duration = Duration::from_secs(5);

pub(super) struct Progress {
    begun: Instant,
    next: Instant,
}

impl Progress {
    pub(super) fn new() -> Self {
        let begun = Instant::now();
        Self { begun, next: begun + EVERY }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    pub(super) fn say(&self, line: &str) {
        println!("[{:>4} s] {line}", self.elapsed().as_secs());
    }

    /// Waits, and meanwhile tells how it goes and starts what ended by itself.
    pub(super) async fn wait(
        &mut self,
        time: Duration,
        fault: &str,
        site: &mut Site,
        load: &Load,
        tally: &mut Tally,
    ) -> anyhow::Result<()> {
        let end = Instant::now() + time;
        loop {
            sleep_until(end.min(self.next)).await;
            if Instant::now() >= self.next {
                site.look_after(tally);
                let lag = site.lag().await.map_or("?".to_owned(), |lag| lag.to_string());
                let (acknowledged, answers) = (load.books().acknowledged(), load.books().answers());
                self.say(&format!(
                    "{acknowledged:>7} acknowledged  {lag:>5} behind  {:>4} times 503  {:>2} kills  {fault}",
                    answers.unavailable,
                    tally.kills()
                ));
                self.next = Instant::now() + EVERY;
            }
            if Instant::now() >= end {
                return Ok(());
            }
        }
    }
}
