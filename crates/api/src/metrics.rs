//! What the API counts, and the page that shows the numbers of the whole process.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use bus::SendError;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use runtime::metrics::{self, Registry};

use crate::app::App;

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
pub(crate) async fn show(State(app): State<Arc<App>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], app.numbers.text())
}
