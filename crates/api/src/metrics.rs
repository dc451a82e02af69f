//! What the API counts, and the page that shows the numbers of the whole process.

use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use bus::SendError;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Unit;
use runtime::metrics::{self, Registry};

use crate::call::Call;
use crate::routes::Route;

/// Operations by what became of them on their way to the topic.
#[derive(Clone, Default)]
pub(crate) struct Sends(Family<Label, Counter>);

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
        let seconds: fn() -> Histogram = metrics::seconds;
        let requests = Self { answered: Family::default(), seconds: Family::new_with_constructor(seconds) };
        registry.register(
            "http_requests",
            "Requests answered, by route (none: no such route) and status",
            requests.answered.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "From the head of a request until its answer begins, by route",
            Unit::Seconds,
            requests.seconds.clone(),
        );
        requests
    }

    pub(crate) fn count(&self, route: Option<&Route>, status: StatusCode, took: Duration) {
        let route = route.map_or("none", |route| route.name);
        self.answered.get_or_create(&Answered { route, status: status.as_u16() }).inc();
        self.seconds.get_or_create(&Asked { route }).observe(took.as_secs_f64());
    }
}

impl Sends {
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let sends = Self::default();
        registry.register("sends", "Operations sent to the topic, by outcome", sends.0.clone());
        sends
    }

    pub(crate) fn count<T>(&self, sent: &Result<T, SendError>) {
        let outcome = match sent {
            Ok(_) => Outcome::acknowledged,
            Err(SendError::Full) => Outcome::queue_full,
            Err(SendError::TooLarge { .. }) => Outcome::too_large,
            Err(SendError::Unavailable(_)) => Outcome::unavailable,
        };
        self.0.get_or_create(&Label { outcome }).inc();
    }
}

/// `GET /metrics`
pub(crate) async fn show(Call { app, .. }: Call) -> Response {
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], app.numbers.text()).into_response()
}
