//! The route table.

use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::routing::{MethodRouter, get, post};

use crate::app::App;
use crate::error::ApiError;
use crate::front::{Places, front};
use crate::{analytics, events, health, metrics, pipeline};

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
        .0;
    let always = Table::default()
        .route("/health", get(health::health))
        .route("/ready", get(health::ready))
        .route("/ping", get(health::ping))
        .route("/pipeline", get(pipeline::pipeline))
        .route("/metrics", get(metrics::show))
        .0;
    let limited = framed(busy, Some(Arc::clone(&app.in_flight)));
    let others = Router::new().fallback(async || ApiError::NoRoute);
    limited.merge(framed(always, None)).merge(framed(others, None)).with_state(Arc::clone(app))
}

/// What holds for every request.
fn framed<S: Clone + Send + Sync + 'static>(routes: Router<S>, places: Places) -> Router<S> {
    routes
        .method_not_allowed_fallback(async || ApiError::Method)
        .layer(middleware::from_fn_with_state(places, front))
}

/// Every path is served with and without a trailing slash.
#[derive(Default)]
struct Table(Router<Arc<App>>);

impl Table {
    fn route(self, path: &str, methods: MethodRouter<Arc<App>>) -> Self {
        Self(self.0.route(path, methods.clone()).route(&format!("{path}/"), methods))
    }
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
        tokio::spawn(axum::serve(listener, framed(Router::new().route("/", panics), None)).into_future());
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
