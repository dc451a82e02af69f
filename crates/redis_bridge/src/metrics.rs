//! What the bridge counts. Every message that Redis sent meets exactly one fate.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use runtime::metrics::{Registry, Unit, register, register_in};

/// The numbers of one bridge. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    messages: Family<Labels, Counter>,
    pub(crate) reconnects: Counter,
    pub(crate) unsubscribed_seconds: Counter<f64, AtomicU64>,
    pub(crate) claimed: Counter,
    pub(crate) removed: Counter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    fate: Fate,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
#[expect(non_camel_case_types, reason = "the names are the label's values")]
pub(crate) enum Fate {
    produced,
    dead_letter,
    dropped,
}

impl Metrics {
    /// Registers the numbers of a bridge, which are shown on this registry's page.
    pub fn new(registry: &mut Registry) -> Self {
        let metrics = Self {
            messages: register(
                registry,
                "redis_messages",
                "Messages that Redis sent, by what became of them: produced to the topic, dead_letter, dropped because too much was waiting",
                Family::default(),
            ),
            reconnects: register(
                registry,
                "redis_reconnects",
                "Connections to Redis that ended or fell silent, and were made again",
                Counter::default(),
            ),
            unsubscribed_seconds: register_in(
                registry,
                Unit::Seconds,
                "redis_unsubscribed",
                "How long the bridge was not subscribed: what was published meanwhile is lost to it",
                Counter::default(),
            ),
            claimed: register(
                registry,
                "redis_claimed_entries",
                "Entries of streams that were claimed because a member read and never acknowledged them",
                Counter::default(),
            ),
            removed: register(
                registry,
                "redis_removed_entries",
                "Entries that a member read, and that left their stream, as by MAXLEN, before they were acknowledged: they are lost unless that member still delivers them",
                Counter::default(),
            ),
        };
        // A counter that begins with 1 shows no increase.
        for fate in [Fate::produced, Fate::dead_letter, Fate::dropped] {
            metrics.count(fate, 0);
        }
        metrics
    }

    pub(crate) fn count(&self, fate: Fate, messages: usize) {
        let messages = u64::try_from(messages).unwrap_or(u64::MAX);
        self.messages.get_or_create(&Labels { fate }).inc_by(messages);
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.messages.get_or_create(&Labels { fate: Fate::dropped }).get()
    }
}
