//! The route table.

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, get, post};

use crate::app::App;
use crate::error::ApiError;
use crate::{analytics, events, health, metrics, pipeline};

/// Every route. What takes work has a class in `places`.
pub(crate) fn routes(app: &Arc<App>) -> Router {
    Table::default()
        .route("/event", post(events::create_routed))
        .route("/event/{id}", get(events::by_id).put(events::update).delete(events::delete))
        .route("/events", post(events::create_many))
        .route("/events/conversation/{conversation_id}", get(events::by_conversation))
        .route("/analytics/errors", get(analytics::errors))
        .route("/analytics/latency", get(analytics::latency))
        .route("/analytics/sessions/top-errors", get(analytics::top_error_sessions))
        .route("/health", get(health::health))
        .route("/ready", get(health::ready))
        .route("/ping", get(health::ping))
        .route("/pipeline", get(pipeline::pipeline))
        .route("/metrics", get(metrics::show))
        .0
        .fallback(async || ApiError::NoRoute)
        .method_not_allowed_fallback(async || ApiError::Method)
        .with_state(Arc::clone(app))
}

/// Every path is served with and without a trailing slash.
#[derive(Default)]
struct Table(Router<Arc<App>>);

impl Table {
    fn route(self, path: &str, methods: MethodRouter<Arc<App>>) -> Self {
        Self(self.0.route(path, methods.clone()).route(&format!("{path}/"), methods))
    }
}
