//! Good callers: they create events one after the other, and remember how each call was answered.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::wire::{Wire, request};

/// At most; each has a connection of its own.
const CALLERS: u32 = 32;
const EVENT: &str = r#"{"conversation_id":"good","event_name":"event_a","input":"hello"}"#;

/// How calls were answered. Status 0 stands for no answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    statuses: BTreeMap<u16, u64>,
    times: Vec<Duration>,
}

impl Seen {
    pub(super) fn enter(&mut self, status: u16, time: Duration) {
        *self.statuses.entry(status).or_default() += 1;
        self.times.push(time);
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.times.extend(other.times);
    }

    pub(super) fn count(&self) -> usize {
        self.times.len()
    }

    /// Calls by their status.
    pub(super) fn statuses(&self) -> &BTreeMap<u16, u64> {
        &self.statuses
    }

    /// Whether there were calls, all answered with one of these.
    pub(super) fn all(&self, wanted: &[u16]) -> bool {
        self.count() > 0 && self.statuses.keys().all(|status| wanted.contains(status))
    }

    /// The time within which so many of a hundred calls were answered.
    pub(super) fn percentile(&self, percent: usize) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        let rank = (times.len() * percent).div_ceil(100).max(1);
        times.get(rank - 1).copied().unwrap_or_default()
    }
}

/// So many creates, by four callers, each as soon as the one before was answered.
pub(super) async fn creates(api: SocketAddr, count: usize) -> Seen {
    let mut callers = JoinSet::new();
    for _ in 0..4 {
        callers.spawn(async move {
            let (mut caller, mut seen) = (Caller { api, wire: None }, Seen::default());
            for _ in 0..count / 4 {
                let begun = Instant::now();
                let status = caller.call().await;
                seen.enter(status, begun.elapsed());
            }
            seen
        });
    }
    together(callers).await
}

/// Creates at this rate per second while `work` lasts. A call's time counts from when it was due.
pub(super) async fn beside<T>(api: SocketAddr, rate: u32, work: impl Future<Output = T>) -> (Seen, T) {
    let (stop, stopped) = watch::channel(false);
    let count = CALLERS.min(rate.max(1));
    let every = Duration::from_secs(1) * count / rate.max(1);
    let mut callers = JoinSet::new();
    for caller in 0..count {
        let stopped = stopped.clone();
        callers.spawn(async move {
            let (mut due, mut seen) = (Instant::now() + every * caller / count, Seen::default());
            let mut caller = Caller { api, wire: None };
            loop {
                sleep_until(due).await;
                if *stopped.borrow() {
                    return seen;
                }
                let status = caller.call().await;
                seen.enter(status, due.elapsed());
                due += every;
            }
        });
    }
    let done = work.await;
    stop.send_replace(true);
    (together(callers).await, done)
}

async fn together(mut callers: JoinSet<Seen>) -> Seen {
    let mut all = Seen::default();
    while let Some(seen) = callers.join_next().await {
        all.merge(seen.unwrap_or_default());
    }
    all
}

struct Caller {
    api: SocketAddr,
    wire: Option<Wire>,
}

impl Caller {
    /// The status of a create; 0 if there was no answer, and then the next call connects anew.
    async fn call(&mut self) -> u16 {
        let mut wire = match self.wire.take() {
            Some(wire) => wire,
            None => match Wire::connect(self.api).await {
                Ok(wire) => wire,
                Err(_) => return 0,
            },
        };
        match wire.call(request("POST", "/event", "", EVENT)).await {
            Ok(answer) => {
                self.wire = Some(wire);
                answer.status
            }
            Err(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_all_calls_and_no_calls_are_no_success() {
        let mut seen = Seen::default();
        assert!(!seen.all(&[202]));
        assert_eq!(seen.percentile(99), Duration::ZERO);
        for milliseconds in (1..=200).rev() {
            seen.enter(202, Duration::from_millis(milliseconds));
        }
        assert_eq!([50, 99, 100].map(|percent| seen.percentile(percent).as_millis()), [100, 198, 200]);
        assert!(seen.all(&[202]));
        seen.enter(0, Duration::ZERO);
        assert!(!seen.all(&[202]));
    }
}
