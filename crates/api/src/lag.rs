//! How far the events are on their way, as the log's positions tell: asked once for all who want to know.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use bus::{BusError, Channels, PartitionPosition, Positions};
use model::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use runtime::metrics::Registry;
use tokio::time::{sleep, timeout};

use crate::error::ApiError;
use crate::sampler::Sampler;

/// However many ask.
const AT_MOST_EVERY: Duration = Duration::from_millis(100);
/// When nobody asks: for the gauges.
const AT_LEAST_EVERY: Duration = Duration::from_secs(10);
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// Where the topics end and how far the consumers are.
pub(crate) struct Lag {
    events: Positions,
    dead_letters: Positions,
    sampler: Sampler<Result<Arc<Seen>, ApiError>>,
    gauges: Gauges,
}

/// What was seen at one time.
pub(crate) struct Seen {
    /// All that was taken in before it, and is not said to wait, was visible then.
    pub(crate) asked_at: Timestamp,
    pub(crate) partitions: Vec<Partition>,
    pub(crate) dead_letters: i64,
}

/// One partition of the topic.
pub(crate) struct Partition {
    pub(crate) at: PartitionPosition,
    /// How many events are not visible yet.
    pub(crate) lag: i64,
    pub(crate) oldest: Oldest,
}

/// When the first event was appended that is not visible yet.
#[derive(Clone, Copy)]
pub(crate) enum Oldest {
    None,
    At(Timestamp),
    /// It can't be seen just now.
    Unknown,
}

/// The same for whoever watches.
#[derive(Clone, Default)]
struct Gauges {
    lag: Family<Label, Gauge>,
    oldest_age: Gauge<f64, AtomicU64>,
    dead_letters: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Label {
    partition: i32,
}

impl Lag {
    /// `events` are the positions of the topic of events.
    pub(crate) fn new(
        events: Positions,
        channels: &Channels,
        registry: &mut Registry,
    ) -> Result<Self, BusError> {
        let Channels { bus, dead_letters, group, .. } = channels;
        let gauges = Gauges::default();
        registry.register(
            "lag_operations",
            "Operations on the topic that are not visible in answers yet, by partition",
            gauges.lag.clone(),
        );
        registry.register(
            "oldest_age_seconds",
            "How long the oldest event that is not visible yet has been waiting, as of the last look",
            gauges.oldest_age.clone(),
        );
        registry.register(
            "dead_letters_kept",
            "Messages on the topic of dead letters",
            gauges.dead_letters.clone(),
        );
        Ok(Self {
            events,
            dead_letters: bus.positions(dead_letters, group)?,
            sampler: Sampler::new(AT_MOST_EVERY),
            gauges,
        })
    }

    /// How far it is now.
    pub(crate) async fn now(&self) -> Result<Arc<Seen>, ApiError> {
        self.sampler.latest(async || self.look().await).await
    }

    /// How far it was a moment ago: what costs no wait where somebody has just asked.
    pub(crate) async fn recent(&self) -> Result<Arc<Seen>, ApiError> {
        self.sampler.recent(async || self.look().await).await
    }

    /// Keeps the gauges fresh, for ever.
    pub(crate) async fn watch(&self) {
        loop {
            // What fails is logged where it fails.
            let _ = self.now().await;
            sleep(AT_LEAST_EVERY).await;
        }
    }

    async fn look(&self) -> Result<Arc<Seen>, ApiError> {
        let asked_at = Timestamp::now();
        let asked = async {
            let (events, letters) =
                tokio::try_join!(self.events.partitions(), self.dead_letters.partitions())?;
            let oldest = self.events.oldest_uncommitted(&events).await.ok();
            Ok::<_, ApiError>(Seen {
                asked_at,
                partitions: events.into_iter().map(|at| partition(at, oldest.as_ref())).collect(),
                dead_letters: letters.iter().map(|letters| letters.end - letters.begin).sum(),
            })
        };
        let late = |_| ApiError::unavailable("the pipeline's positions", "no answer in time");
        let seen = timeout(ANSWER_WITHIN, asked).await.map_err(late)??;
        self.gauges.show(&seen);
        Ok(Arc::new(seen))
    }
}

fn partition(at: PartitionPosition, oldest: Option<&BTreeMap<i32, Timestamp>>) -> Partition {
    match oldest.map(|oldest| oldest.get(&at.partition)) {
        Some(Some(oldest)) => Partition { lag: at.lag(), oldest: Oldest::At(*oldest), at },
        Some(None) => Partition { lag: 0, oldest: Oldest::None, at },
        None if at.lag() == 0 => Partition { lag: 0, oldest: Oldest::None, at },
        None => Partition { lag: at.lag(), oldest: Oldest::Unknown, at },
    }
}

impl Seen {
    /// Operations that are not visible yet.
    pub(crate) fn lag(&self) -> i64 {
        self.partitions.iter().map(|partition| partition.lag).sum()
    }

    /// Up to when all that was appended is visible, as of a time before this was asked for; `None` if that can't be
    /// seen just now.
    pub(crate) fn complete_until(&self, asked_at: Timestamp) -> Option<Timestamp> {
        let mut until = asked_at;
        for partition in &self.partitions {
            match partition.oldest {
                Oldest::None => {}
                Oldest::At(at) => until = until.min(at),
                Oldest::Unknown => return None,
            }
        }
        Some(until)
    }

    /// That of the partition whose oldest event has been waiting longest; `None` if one can't be seen just now.
    pub(crate) fn oldest_age_ms(&self) -> Option<i64> {
        let ages: Option<Vec<_>> = self.partitions.iter().map(Partition::oldest_age_ms).collect();
        ages.map(|ages| ages.into_iter().max().unwrap_or_default())
    }
}

impl Partition {
    /// `None` if it can't be seen just now.
    pub(crate) fn oldest_age_ms(&self) -> Option<i64> {
        match self.oldest {
            Oldest::None => Some(0),
            Oldest::At(at) => Some((Timestamp::now().millis() - at.millis()).max(0)),
            Oldest::Unknown => None,
        }
    }
}

impl Gauges {
    fn show(&self, seen: &Seen) {
        for partition in &seen.partitions {
            self.lag.get_or_create(&Label { partition: partition.at.partition }).set(partition.lag);
        }
        // What can't be seen just now leaves the age as it was: 0 would say that all is well.
        if let Some(oldest_ms) = seen.oldest_age_ms() {
            #[expect(
                clippy::cast_precision_loss,
                reason = "an age in milliseconds is exact for 285,000 years"
            )]
            self.oldest_age.set(oldest_ms as f64 / 1_000.0);
        }
        self.dead_letters.set(seen.dead_letters);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ago(millis: i64) -> Timestamp {
        Timestamp::from_millis(Timestamp::now().millis() - millis).unwrap()
    }

    #[test]
    fn an_age_that_is_not_known_leaves_the_gauge_as_it_was() {
        let gauges = Gauges::default();
        let show = |oldest| {
            let at = PartitionPosition { partition: 0, begin: 0, end: 9, committed: 2 };
            let partitions = vec![Partition { lag: at.lag(), oldest, at }];
            gauges.show(&Seen { asked_at: ago(0), partitions, dead_letters: 0 });
            gauges.oldest_age.get()
        };
        let age = show(Oldest::At(ago(60_000)));
        assert!(age >= 60.0, "{age}");
        assert_eq!(show(Oldest::Unknown).total_cmp(&age), std::cmp::Ordering::Equal);
        assert!(show(Oldest::None) < 1.0);
    }

    #[test]
    fn all_is_visible_up_to_the_oldest_event_that_is_not() {
        let time = |millis| Timestamp::from_millis(millis).unwrap();
        let until = |oldest: &[Oldest]| {
            let at = PartitionPosition { partition: 0, begin: 0, end: 9, committed: 2 };
            let partitions = oldest.iter().map(|oldest| Partition { lag: 7, oldest: *oldest, at }).collect();
            let seen = Seen { asked_at: time(9_000), partitions, dead_letters: 0 };
            (seen.complete_until(time(9_000)), seen.lag())
        };
        assert_eq!(until(&[Oldest::None]), (Some(time(9_000)), 7));
        let some = [Oldest::None, Oldest::At(time(7_000)), Oldest::At(time(8_000))];
        assert_eq!(until(&some), (Some(time(7_000)), 21));
        assert_eq!(
            until(&[Oldest::At(time(9_500))]).0,
            Some(time(9_000)),
            "what came after it was asked for"
        );
        assert_eq!(until(&[Oldest::At(time(7_000)), Oldest::Unknown]).0, None);
    }
}
