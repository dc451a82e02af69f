//! What the API counts.

use std::time::Duration;

use axum::http::StatusCode;
use bus::SendError;
use model::Source;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use runtime::metrics::{Registry, Unit, register, register_in, seconds};

/// Operations by what became of them on their way to the topic, and how long that took.
#[derive(Clone)]
pub(crate) struct Sends {
    outcomes: Family<Label, Counter>,
    acknowledgement_seconds: Histogram,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Label {
    outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelValue)]
#[expect(non_camel_case_types, reason = "the names are the labels' values")]
enum Outcome {
    acknowledged,
    queue_full,
    too_large,
    unavailable,
}

/// Requests by route: how many, how they were answered, and how long that took.
#[derive(Clone)]
pub(crate) struct Requests {
    answered: Family<Answered, Counter>,
    seconds: Family<Asked, Histogram, fn() -> Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    route: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: &'static str,
    status: u16,
}

impl Requests {
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let of_route: fn() -> Histogram = seconds;
        Self {
            answered: register(
                registry,
                "http_requests",
                "Requests answered, by route (none: no such route) and status",
                Family::default(),
            ),
            seconds: register_in(
                registry,
                Unit::Seconds,
                "http_request_duration",
                "From the head of a request until its answer begins, by route",
                Family::new_with_constructor(of_route),
            ),
        }
    }

    pub(crate) fn count(&self, route: Option<&'static str>, status: StatusCode, took: Duration) {
        let route = route.unwrap_or("none");
        self.answered.get_or_create(&Answered { route, status: status.as_u16() }).inc();
        self.seconds.get_or_create(&Asked { route }).observe(took.as_secs_f64());
    }
}

/// What clients of a dialect make a server do twice.
#[derive(Clone)]
pub(crate) struct Clients {
    retries: Family<Spoken, Counter>,
    mended: Family<Spoken, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Spoken {
    dialect: &'static str,
}

impl Clients {
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let of_segment = || {
            let counters = Family::<Spoken, Counter>::default();
            drop(counters.get_or_create(&Spoken { dialect: Source::Segment.as_str() }));
            counters
        };
        Self {
            retries: register(
                registry,
                "client_retries",
                "Requests that their client marked as sent again, by dialect",
                of_segment(),
            ),
            mended: register(
                registry,
                "mended_values",
                "Values in bodies that were no JSON and were taken as null or as U+FFFD, by dialect",
                of_segment(),
            ),
        }
    }

    /// Counts a request that its client sent before.
    pub(crate) fn retried(&self, dialect: Source) {
        self.retries.get_or_create(&Spoken { dialect: dialect.as_str() }).inc();
    }

    /// Counts so many values.
    pub(crate) fn mended(&self, dialect: Source, count: usize) {
        self.mended.get_or_create(&Spoken { dialect: dialect.as_str() }).inc_by(count as u64);
    }
}

impl Outcome {
    const ALL: [Self; 4] = [Self::acknowledged, Self::queue_full, Self::too_large, Self::unavailable];
}

impl Sends {
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let outcomes = Family::<Label, Counter>::default();
        // A counter that begins with 1 shows no increase.
        for outcome in Outcome::ALL {
            drop(outcomes.get_or_create(&Label { outcome }));
        }
        Self {
            outcomes: register(
                registry,
                "sends",
                "Operations sent to the topic, by outcome: acknowledged is kept, the others were refused",
                outcomes,
            ),
            acknowledgement_seconds: register_in(
                registry,
                Unit::Seconds,
                "acknowledgement_duration",
                "From sending the operations of a request to the topic until all are acknowledged",
                seconds(),
            ),
        }
    }

    /// Counts the operations of one request that was answered by the log within this time.
    pub(crate) fn count<T>(&self, sent: &[Result<T, SendError>], took: Duration) {
        for sent in sent {
            let outcome = match sent {
                Ok(_) => Outcome::acknowledged,
                Err(SendError::Full) => Outcome::queue_full,
                Err(SendError::TooLarge { .. }) => Outcome::too_large,
                Err(SendError::Unavailable(_)) => Outcome::unavailable,
            };
            self.outcomes.get_or_create(&Label { outcome }).inc();
        }
        if !sent.is_empty() && sent.iter().all(Result::is_ok) {
            self.acknowledgement_seconds.observe(took.as_secs_f64());
        }
    }
}
