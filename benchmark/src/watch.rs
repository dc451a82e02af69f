//! How far events are on their way to the table, seen by `GET /pipeline`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};
use tokio::task::{AbortHandle, spawn};
use tokio::time::{Instant, sleep};

use crate::http::{Connection, Target};

/// How often it is asked in the background.
const EVERY: Duration = Duration::from_millis(500);
/// How often it is asked by who waits for the end.
const EVERY_AT_THE_END: Duration = Duration::from_millis(50);

/// `data` of `GET /pipeline`.
#[derive(Deserialize)]
struct Pipeline {
    partitions: Vec<Progress>,
    lag: i64,
    dead_letters: i64,
}

#[derive(Deserialize)]
struct Progress {
    partition: i32,
    end: i64,
    committed: i64,
    oldest_age_ms: Option<i64>,
}

#[derive(Deserialize)]
struct Envelope {
    data: Pipeline,
}

/// One look at the pipeline.
#[derive(Clone, Debug, Serialize)]
pub struct Sample {
    /// When, in seconds since the watch began.
    pub at: f64,
    /// Operations on their way.
    pub lag: i64,
    /// How long the oldest of them has been waiting, in milliseconds.
    pub oldest_age_ms: i64,
    /// All dead letters there are.
    pub dead_letters: i64,
    #[serde(skip)]
    ends: BTreeMap<i32, i64>,
    #[serde(skip)]
    committed: BTreeMap<i32, i64>,
}

/// A place in the topic: where each partition ended once.
#[derive(Clone, Debug)]
pub struct Mark(BTreeMap<i32, i64>);

/// Looks at the pipeline from time to time until it is dropped.
pub struct Watch {
    looker: Looker,
    background: AbortHandle,
}

#[derive(Clone)]
struct Looker {
    target: Target,
    begin: Instant,
    samples: Arc<Mutex<Vec<Sample>>>,
}

impl Watch {
    /// Looks once, so that an error is known at once, and then now and then in the background.
    pub async fn start(target: &Target, begin: Instant) -> anyhow::Result<Self> {
        let looker = Looker { target: target.clone(), begin, samples: Arc::default() };
        looker.look(&mut Connection::new(target.address())).await?;
        let background = spawn(looker.clone().keep_looking()).abort_handle();
        Ok(Self { looker, background })
    }

    /// Where the topic ends now.
    pub async fn mark(&self) -> anyhow::Result<Mark> {
        let sample = self.looker.look(&mut Connection::new(self.looker.target.address())).await?;
        Ok(Mark(sample.ends))
    }

    /// Waits until everything up to the mark is visible.
    pub async fn until_visible(&self, mark: &Mark, limit: Duration) -> anyhow::Result<()> {
        let begin = Instant::now();
        let mut connection = Connection::new(self.looker.target.address());
        loop {
            match self.looker.look(&mut connection).await {
                Ok(sample) if mark.is_reached(&sample) => return Ok(()),
                Ok(sample) if begin.elapsed() > limit => {
                    bail!("{} operations are not visible within {limit:?}", sample.lag)
                }
                Err(error) if begin.elapsed() > limit => return Err(error),
                // The next look may be luckier.
                Ok(_) | Err(_) => {}
            }
            sleep(EVERY_AT_THE_END).await;
        }
    }

    /// The first look that found everything up to the mark visible, in seconds since the watch began.
    pub fn visible_at(&self, mark: &Mark) -> Option<f64> {
        self.looker.samples().iter().find(|sample| mark.is_reached(sample)).map(|sample| sample.at)
    }

    /// The lag at the last look.
    pub fn lag(&self) -> u64 {
        let lag = self.looker.samples().last().map(|sample| sample.lag);
        u64::try_from(lag.unwrap_or_default()).unwrap_or_default()
    }

    /// All looks so far, in order.
    pub fn samples(&self) -> Vec<Sample> {
        self.looker.samples().clone()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.background.abort();
    }
}

impl Mark {
    fn is_reached(&self, sample: &Sample) -> bool {
        self.0.iter().all(|(partition, end)| sample.committed.get(partition).is_some_and(|c| c >= end))
    }
}

impl Looker {
    fn samples(&self) -> MutexGuard<'_, Vec<Sample>> {
        self.samples.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn keep_looking(self) {
        let mut connection = Connection::new(self.target.address());
        loop {
            sleep(EVERY).await;
            // It may be busy; the next look may be luckier.
            let _ = self.look(&mut connection).await;
        }
    }

    async fn look(&self, connection: &mut Connection) -> anyhow::Result<Sample> {
        let mut request = Vec::new();
        self.target.head("GET", "/pipeline").write("", b"", &mut request);
        let answer = connection.call(&request).await.context("GET /pipeline")?;
        ensure!(answer.status == 200, "GET /pipeline: status {}", answer.status);
        let Envelope { data } = serde_json::from_slice(answer.body).context("GET /pipeline")?;
        let sample = Sample {
            at: self.begin.elapsed().as_secs_f64(),
            lag: data.lag,
            oldest_age_ms: data.partitions.iter().filter_map(|p| p.oldest_age_ms).max().unwrap_or_default(),
            dead_letters: data.dead_letters,
            ends: data.partitions.iter().map(|p| (p.partition, p.end)).collect(),
            committed: data.partitions.iter().map(|p| (p.partition, p.committed)).collect(),
        };
        self.samples().push(sample.clone());
        Ok(sample)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(committed: &[(i32, i64)]) -> Sample {
        let committed = committed.iter().copied().collect();
        Sample { at: 0.0, lag: 0, oldest_age_ms: 0, dead_letters: 0, ends: BTreeMap::new(), committed }
    }

    #[test]
    fn a_mark_is_reached_when_every_partition_has_come_to_it() {
        let mark = Mark([(0, 10), (1, 0)].into());
        assert!(mark.is_reached(&sample(&[(0, 10), (1, 0)])));
        assert!(mark.is_reached(&sample(&[(0, 11), (1, 5), (2, 0)])));
        assert!(!mark.is_reached(&sample(&[(0, 9), (1, 5)])));
        assert!(!mark.is_reached(&sample(&[(0, 10)])));
    }
}
