//! Computes hours again that are clean, one now and then, and compares: what differs is a fault.

use std::time::Duration;

use store::{Hour, StoreError};
use tokio::time::Instant;

use super::Worker;

/// How often an hour is computed again.
const EVERY: Duration = Duration::from_secs(10);

/// Rows that were inserted by a consumer that ended before it marked them are marked when they are read again, by
/// then: what differs until then is none.
const AGAIN_AFTER: Duration = Duration::from_mins(5);

/// Where it is in its round of all hours, and what it has to look at once more.
#[derive(Default)]
pub(super) struct Scrub {
    last: Option<(Hour, Instant)>,
    differs: Option<(Hour, Instant)>,
}

impl Scrub {
    /// Looks at the next hour, if it is time to.
    pub(super) async fn next(&mut self, worker: &Worker) -> Result<(), StoreError> {
        let now = Instant::now();
        if let Some((hour, at)) = self.differs.take_if(|(_, at)| now - *at > AGAIN_AFTER) {
            if compare(worker, &hour).await? {
                tracing::error!(
                    tenant = hour.tenant.as_str(),
                    hour = hour.start,
                    "a rollup was wrong, and is computed again"
                );
                worker.numbers.mismatches.inc();
                worker.store.mark_hour(&hour).await?;
            }
            tracing::debug!(after = ?(now - at), "looked at an hour once more");
            return Ok(());
        }
        if self.last.as_ref().is_some_and(|(_, at)| now - *at < EVERY) {
            return Ok(());
        }
        let last = self.last.as_ref().map(|(hour, _)| hour);
        let next = worker.timed(worker.store.rolled_after(last)).await.1?;
        self.last = next.clone().map(|hour| (hour, now));
        if let Some(hour) = next
            && self.differs.is_none()
            && compare(worker, &hour).await?
        {
            self.differs = Some((hour, now));
        }
        Ok(())
    }
}

/// Whether an hour's rollup is not what its events say.
async fn compare(worker: &Worker, hour: &Hour) -> Result<bool, StoreError> {
    let differs = worker.timed(worker.store.rollup_differs(hour)).await.1?;
    worker.numbers.compared.inc();
    Ok(differs)
}
