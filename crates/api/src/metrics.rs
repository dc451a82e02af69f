//! The numbers of the whole process, for whoever watches it.

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use runtime::metrics;

use crate::call::Call;

/// Numbers for Prometheus.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operation",
    responses((status = 200, description = "OpenMetrics 1.0", content_type = "application/openmetrics-text", body = String))
)]
pub(crate) async fn show(Call { app, .. }: Call) -> Response {
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], app.numbers.text()).into_response()
}
