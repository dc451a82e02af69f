//! How many requests are carried out at a time. Those of the share `ingestion` have places of their own, so that
//! reads, however many and however slow, hold up no inserts and the look-ups before them.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::exception::{Exception, code};

/// How many requests are carried out at a time. ClickHouse's server took as many by default.
const PLACES: u32 = 100;

/// How many requests of the quota key [`INGESTION`] are carried out at a time besides.
const INGESTION_PLACES: u32 = 32;

/// The quota key of requests that feed tables: a name that ClickHouse's server only counts by, if by any.
const INGESTION: &str = "ingestion";

/// How long a request waits for a place.
const PATIENCE: Duration = Duration::from_secs(10);

/// The places of both shares.
pub(crate) struct Places {
    usual: Arc<Semaphore>,
    ingestion: Arc<Semaphore>,
    patience: Duration,
}

impl Places {
    /// How many requests there can be in all.
    pub(crate) const ALL: usize = (PLACES + INGESTION_PLACES) as usize;

    pub(crate) fn new() -> Self {
        let places = |count: u32| Arc::new(Semaphore::new(count as usize));
        Self { usual: places(PLACES), ingestion: places(INGESTION_PLACES), patience: PATIENCE }
    }

    /// A place of the share that the quota key names. It waits for one, but not for long.
    pub(crate) async fn take(&self, quota_key: &str) -> Result<OwnedSemaphorePermit, Exception> {
        let (places, most) =
            if quota_key == INGESTION { (&self.ingestion, INGESTION_PLACES) } else { (&self.usual, PLACES) };
        match timeout(self.patience, Arc::clone(places).acquire_owned()).await {
            Ok(place) => place.map_err(|_| Exception::unavailable("The engine is closing")),
            Err(_) => Err(Exception::new(
                code::TOO_MANY_SIMULTANEOUS_QUERIES,
                "TOO_MANY_SIMULTANEOUS_QUERIES",
                format_args!("Too many simultaneous queries. Maximum: {most}"),
            )),
        }
    }

    /// Waits until all places are free, for `patience` at most. Returns whether they were; then no place is given any
    /// more.
    pub(crate) async fn close(&self, patience: Duration) -> bool {
        let all = async {
            (self.usual.acquire_many(PLACES).await, self.ingestion.acquire_many(INGESTION_PLACES).await)
        };
        let free = timeout(patience, all).await.is_ok();
        if free {
            self.usual.close();
            self.ingestion.close();
        }
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_finds_no_place_is_told_how_many_there_are() {
        for (quota_key, most) in [("", "100"), (INGESTION, "32")] {
            let places = Places { patience: Duration::ZERO, ..Places::new() };
            let mut taken = Vec::new();
            let refused = loop {
                match places.take(quota_key).await {
                    Ok(place) => taken.push(place),
                    Err(refused) => break refused,
                }
            };
            assert_eq!(taken.len().to_string(), most);
            assert!(refused.text.contains(&format!("Maximum: {most}. ")), "{}", refused.text);
        }
    }
}
