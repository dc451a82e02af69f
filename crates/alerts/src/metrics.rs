//! What alerts count.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use runtime::metrics::{Registry, register};
use store::AlertState;

/// Numbers about alerts. Cheap to clone.
#[derive(Clone, Default)]
pub struct Metrics {
    pub(crate) rules: Gauge,
    pub(crate) rules_unreadable: Gauge,
    pub(crate) evaluates: Gauge,
    evaluations: Family<Evaluated, Counter>,
    transitions: Family<Came, Counter>,
    webhooks: Family<Sent, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Evaluated {
    outcome: Evaluation,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Came {
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Sent {
    outcome: Webhooked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
#[expect(non_camel_case_types, reason = "the names are the labels' values")]
pub(crate) enum Evaluation {
    done,
    failed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
#[expect(non_camel_case_types, reason = "the names are the labels' values")]
pub(crate) enum Webhooked {
    delivered,
    refused,
    given_up,
}

impl Metrics {
    /// Shows them on a page.
    pub fn new(registry: &mut Registry) -> Self {
        let metrics = Self {
            rules: register(registry, "alert_rules", "Rules of alerts that are in force", Gauge::default()),
            rules_unreadable: register(
                registry,
                "alert_rules_unreadable",
                "Whether the rules' file has changed to what can't be read, so that the rules before stay in force",
                Gauge::default(),
            ),
            evaluates: register(
                registry,
                "alert_evaluates",
                "Whether this process evaluates the rules: one does at a time",
                Gauge::default(),
            ),
            evaluations: register(
                registry,
                "alert_evaluations",
                "Evaluations of a rule by outcome",
                Family::default(),
            ),
            transitions: register(
                registry,
                "alert_transitions",
                "States that alerts came to by the rules, by state",
                Family::default(),
            ),
            webhooks: register(
                registry,
                "alert_webhooks",
                "Tries to tell the webhook, by outcome: refused is tried again, given_up was the last try",
                Family::default(),
            ),
        };
        // A counter that begins with 1 shows no increase.
        for outcome in [Evaluation::done, Evaluation::failed] {
            drop(metrics.evaluations.get_or_create(&Evaluated { outcome }));
        }
        for state in [AlertState::Open, AlertState::Resolved] {
            drop(metrics.transitions.get_or_create(&Came { state: state.as_str() }));
        }
        for outcome in [Webhooked::delivered, Webhooked::refused, Webhooked::given_up] {
            drop(metrics.webhooks.get_or_create(&Sent { outcome }));
        }
        metrics
    }

    pub(crate) fn evaluated(&self, outcome: Evaluation) {
        self.evaluations.get_or_create(&Evaluated { outcome }).inc();
    }

    pub(crate) fn came_to(&self, state: AlertState) {
        self.transitions.get_or_create(&Came { state: state.as_str() }).inc();
    }

    pub(crate) fn sent(&self, outcome: Webhooked) {
        self.webhooks.get_or_create(&Sent { outcome }).inc();
    }
}
