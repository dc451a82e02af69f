//! What the consumer counts. The numbers add up: every delivery is dropped or meets exactly one
//! fate, and every dead letter has one reason.

use std::time::Duration;

use bus::{AtRisk, Channels};
use model::Timestamp;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use runtime::metrics::{Registry, Unit, register, register_in, registry, seconds, sizes};

use crate::batch::Batch;
use crate::rollup::Numbers;
use crate::tally::Tally;

/// The numbers of one consumer. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    pub(crate) deliveries: Counter,
    pub(crate) dropped: Counter,
    pub(crate) operations: Family<FateLabel, Counter>,
    pub(crate) dead_letters: Family<ReasonLabel, Counter>,
    pub(crate) rows: Counter,
    pub(crate) batch_operations: Histogram,
    pub(crate) batch_bytes: Histogram,
    pub(crate) insert_seconds: Histogram,
    pub(crate) freshness_seconds: Histogram,
    pub(crate) pauses: Counter,
    pub(crate) gaps: Counter,
    pub(crate) missed: Counter,
    pub(crate) clock_steps: Counter,
    pub(crate) misplaced: Counter,
    pub(crate) circuit_open: Gauge,
    pub(crate) topic_at_risk: Family<TopicLabel, Gauge>,
    pub(crate) rollups: Numbers,
}

/// The label that names a topic.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct TopicLabel {
    topic: String,
}

/// The label that says what became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct FateLabel {
    pub(crate) fate: FateName,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
#[expect(non_camel_case_types, reason = "the names are the labels' values")]
pub(crate) enum FateName {
    folded,
    replay,
    event_deleted,
    dead_letter,
}

impl FateName {
    const ALL: [Self; 4] = [Self::folded, Self::replay, Self::event_deleted, Self::dead_letter];
}

/// The label that says why a delivery became a dead letter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ReasonLabel {
    pub(crate) reason: &'static str,
}

impl Metrics {
    /// Registers the numbers of a consumer, which are shown on this registry's page.
    pub fn new(registry: &mut Registry) -> Self {
        let operations = Family::<FateLabel, Counter>::default();
        for fate in FateName::ALL {
            drop(operations.get_or_create(&FateLabel { fate }));
        }
        Self {
            deliveries: register(registry, "deliveries", "Messages taken from the topic", Counter::default()),
            dropped: register(
                registry,
                "deliveries_dropped",
                "Messages that were taken from the topic and not written because their partition went to another consumer, which gets them again",
                Counter::default(),
            ),
            operations: register(
                registry,
                "operations",
                "Messages by what became of them: folded into a row, replay of one that the row holds already, change of a deleted event, dead_letter",
                operations,
            ),
            dead_letters: register(
                registry,
                "dead_letters",
                "Messages put on the topic of dead letters, by reason",
                Family::default(),
            ),
            rows: register(registry, "rows_written", "Rows inserted into the table", Counter::default()),
            batch_operations: register_in(
                registry,
                Unit::Other("operations".to_owned()),
                "batch",
                "Messages of a batch when it is handed over to be written",
                sizes(),
            ),
            batch_bytes: register_in(
                registry,
                Unit::Bytes,
                "batch",
                "Memory that a batch takes when it is handed over to be written",
                sizes(),
            ),
            insert_seconds: register_in(
                registry,
                Unit::Seconds,
                "insert_duration",
                "How long ClickHouse takes for an insert that succeeds",
                seconds(),
            ),
            freshness_seconds: register_in(
                registry,
                Unit::Seconds,
                "freshness",
                "From when the log took the oldest message of a batch until its rows are in the table and its offset is committed",
                seconds(),
            ),
            pauses: register(
                registry,
                "read_pauses",
                "Times that reading from the topic paused because too much was waiting to be written",
                Counter::default(),
            ),
            gaps: register(
                registry,
                "log_gaps",
                "Times that the log removed messages before they were read",
                Counter::default(),
            ),
            missed: register(
                registry,
                "log_gap_messages",
                "Messages that the log removed before they were read: they are lost",
                Counter::default(),
            ),
            clock_steps: register(
                registry,
                "clock_steps",
                "Times that the append time of a partition stepped back: a broker's clock was set back",
                Counter::default(),
            ),
            misplaced: register(
                registry,
                "misplaced_operations",
                "Operations that another producer put in another partition than their key's",
                Counter::default(),
            ),
            circuit_open: register(
                registry,
                "circuit_open",
                "1 while a batch is held because most messages, batch after batch, can't be written, else 0",
                Gauge::default(),
            ),
            topic_at_risk: register(
                registry,
                "topic_at_risk",
                "1 if what the topic holds may be on one broker alone, else 0",
                Family::default(),
            ),
            rollups: Numbers::new(registry),
        }
    }

    /// Counts the size of a batch that is handed over to be written.
    pub(crate) fn observe(&self, batch: &Batch) {
        #[expect(clippy::cast_precision_loss, reason = "sizes that fit in memory are far below 2^52")]
        let observe = |histogram: &Histogram, size: usize| histogram.observe(size as f64);
        observe(&self.batch_operations, batch.deliveries.len());
        observe(&self.batch_bytes, batch.bytes());
    }

    /// Observes the freshness of a batch that is committed, whose oldest message the log appended at `append_ms`, in
    /// milliseconds since the Unix epoch.
    pub(crate) fn committed(&self, append_ms: i64) {
        let age_ms = u64::try_from(Timestamp::now().millis() - append_ms).unwrap_or_default();
        self.freshness_seconds.observe(Duration::from_millis(age_ms).as_secs_f64());
    }

    /// Adds the counts of a batch.
    pub(crate) fn count(&self, tally: &Tally) {
        let add = |counter: &Counter, count: usize| counter.inc_by(u64::try_from(count).unwrap_or_default());
        add(&self.rows, tally.rows);
        add(&self.misplaced, tally.misplaced);
        for (fate, count) in [
            (FateName::folded, tally.folded),
            (FateName::replay, tally.replays),
            (FateName::event_deleted, tally.of_deleted),
            (FateName::dead_letter, tally.dead_letters.values().sum()),
        ] {
            add(&self.operations.get_or_create(&FateLabel { fate }), count);
        }
        for (reason, count) in &tally.dead_letters {
            add(&self.dead_letters.get_or_create(&ReasonLabel { reason }), *count);
        }
    }

    /// Shows for each topic whether the loss of one broker could cost what it holds.
    pub(crate) fn at_risk(&self, channels: &Channels, at_risk: &[AtRisk]) {
        for topic in [&channels.events.name, &channels.dead_letters.name] {
            let is_at_risk = at_risk.iter().any(|found| found.topic == *topic);
            self.topic_at_risk.get_or_create(&TopicLabel { topic: topic.clone() }).set(i64::from(is_at_risk));
        }
    }
}

/// The numbers of a consumer that shows them on no page.
impl Default for Metrics {
    fn default() -> Self {
        Self::new(&mut registry())
    }
}
