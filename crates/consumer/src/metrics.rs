//! What the consumer counts. The numbers add up: every delivery is dropped or meets exactly one
//! fate, and every dead letter has one reason.

use bus::{AtRisk, Channels};
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use runtime::metrics::Registry;

use crate::apply::Tally;

/// Counters of one consumer. Cheap to clone.
#[derive(Clone, Default)]
pub struct Metrics {
    pub(crate) deliveries: Counter,
    pub(crate) dropped: Counter,
    pub(crate) operations: Family<FateLabel, Counter>,
    pub(crate) dead_letters: Family<ReasonLabel, Counter>,
    pub(crate) rows: Counter,
    pub(crate) batches: Counter,
    pub(crate) pauses: Counter,
    pub(crate) gaps: Counter,
    pub(crate) missed: Counter,
    pub(crate) clock_steps: Counter,
    pub(crate) misplaced: Counter,
    pub(crate) circuit_open: Gauge,
    pub(crate) topic_at_risk: Family<TopicLabel, Gauge>,
}

/// Which topic.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct TopicLabel {
    topic: String,
}

/// What became of a delivery.
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

/// Why a delivery became a dead letter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ReasonLabel {
    pub(crate) reason: &'static str,
}

impl Metrics {
    /// Takes in what a batch came to.
    pub(crate) fn count(&self, tally: &Tally) {
        let add = |counter: &Counter, count: usize| counter.inc_by(u64::try_from(count).unwrap_or_default());
        add(&self.batches, 1);
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

    /// Shows which of the topics the loss of one broker could hurt.
    pub(crate) fn at_risk(&self, channels: &Channels, at_risk: &[AtRisk]) {
        for topic in [&channels.events.name, &channels.dead_letters.name] {
            let is_at_risk = at_risk.iter().any(|found| found.topic == *topic);
            self.topic_at_risk.get_or_create(&TopicLabel { topic: topic.clone() }).set(i64::from(is_at_risk));
        }
    }

    /// Counters that start at 0 and are shown with the registry's others.
    pub fn new(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        let mut counter = |name, help, counter: &Counter| registry.register(name, help, counter.clone());
        counter("deliveries", "Messages taken from the topic", &metrics.deliveries);
        counter(
            "deliveries_dropped",
            "Of these, not written because their partition went to another consumer, who gets them again",
            &metrics.dropped,
        );
        counter("rows_written", "Rows inserted into the table", &metrics.rows);
        counter("batches", "Batches written", &metrics.batches);
        counter("pauses", "Times that reading paused because too much was waiting", &metrics.pauses);
        counter("gaps", "Times that messages were removed before they were read", &metrics.gaps);
        counter("gap_messages", "Messages that were removed before they were read", &metrics.missed);
        counter(
            "clock_steps",
            "Times that the append time of a partition stepped back",
            &metrics.clock_steps,
        );
        counter("misplaced", "Operations in another partition than their key's", &metrics.misplaced);
        registry.register("operations", "Messages by what became of them", metrics.operations.clone());
        registry.register("dead_letters", "Dead letters by reason", metrics.dead_letters.clone());
        registry.register(
            "circuit_open",
            "1 while a batch is held because a bad deployment is suspected",
            metrics.circuit_open.clone(),
        );
        registry.register(
            "topic_at_risk",
            "1 if what the topic holds may be on one broker alone",
            metrics.topic_at_risk.clone(),
        );
        metrics
    }
}
