//! The route table.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use http_body_util::BodyExt;
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::App;
use crate::error::ApiError;
use crate::{analytics, envelope, events, health, leftover, metrics, pipeline};

/// Every route, its limits, and the shape of its answers.
pub(crate) fn routes(app: &Arc<App>) -> Router {
    let busy = Table::default()
        .route("/event", post(events::create))
        .route("/event/{id}", get(events::by_id).put(events::update).delete(events::delete))
        .route("/events", post(events::create_many))
        .route("/events/conversation/{conversation_id}", get(events::by_conversation))
        .route("/analytics/errors", get(analytics::errors))
        .route("/analytics/latency", get(analytics::latency))
        .route("/analytics/sessions/top-errors", get(analytics::top_error_sessions))
        .0
        .route_layer(middleware::from_fn_with_state(Arc::clone(app), limit));
    let always = Table::default()
        .route("/health", get(health::health))
        .route("/ready", get(health::ready))
        .route("/ping", get(health::ping))
        .route("/pipeline", get(pipeline::pipeline))
        .route("/metrics", get(metrics::show))
        .0;
    framed(busy.merge(always)).with_state(Arc::clone(app))
}

/// What holds for every request, whether there is a route for it or not.
fn framed<S: Clone + Send + Sync + 'static>(routes: Router<S>) -> Router<S> {
    routes
        .fallback(async || ApiError::NoRoute)
        .method_not_allowed_fallback(async || ApiError::Method)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(leftover::drain))
        .layer(middleware::from_fn(envelope::write))
}

/// Every path is served with and without a trailing slash.
#[derive(Default)]
struct Table(Router<Arc<App>>);

impl Table {
    fn route(self, path: &str, methods: MethodRouter<Arc<App>>) -> Self {
        Self(self.0.route(path, methods.clone()).route(&format!("{path}/"), methods))
    }
}

/// Turns requests away while too many are in flight. One is until the last of its answer is written.
async fn limit(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match Arc::clone(&app.in_flight).try_acquire_owned() {
        Ok(permit) => next.run(request).await.map(|body| {
            Body::new(body.map_frame(move |frame| {
                let _held = &permit;
                frame
            }))
        }),
        Err(_) => {
            ApiError::Unavailable("too many requests are in flight, please retry".into()).into_response()
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or_default(), "a handler panicked");
    ApiError::Internal.into_response()
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::envelope::Reply;

    #[tokio::test]
    async fn a_panic_is_answered_in_the_envelope_and_keeps_its_words_to_itself() {
        let panics = get(async || -> Reply { panic!("a secret") });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, framed(Router::new().route("/", panics))).into_future());
        let request = reqwest::Client::new().get(url).header("x-request-id", "test");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 500);
        let text = answer.text().await.unwrap();
        assert_eq!(
            text,
            r#"{"success":false,"error":"internal error","code":"internal","request_id":"test"}"#
        );
    }
}
