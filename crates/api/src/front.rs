//! What stands in front of every handler: the request's id, how many may be in flight, what is left of the
//! body, panics, and the shape of the answer.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::response::Response;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower_service::Service;

use crate::app::App;
use crate::envelope::{Reply, RequestId};
use crate::error::ApiError;
use crate::events;
use crate::leftover::Leftover;
use crate::routes::{is_always_answered, routes};

/// Everything that is served.
pub(crate) struct Front {
    app: Arc<App>,
    routes: Router,
}

/// An answer; what the reply says is not written into it yet.
type Answer = (Response, Option<Reply>);

impl Front {
    pub(crate) fn new(app: Arc<App>) -> Self {
        Self { routes: routes(&app), app }
    }

    /// Answers in the envelope, whatever happens behind.
    pub(crate) async fn answer(&self, request: Request) -> Response {
        let id = RequestId::of(request.headers());
        let (request, leftover) = Leftover::of(request);
        let (answer, place) = match self.place(&request) {
            Ok(place) => {
                let answered = AssertUnwindSafe(self.handle(request, &id)).catch_unwind().await;
                (answered.unwrap_or_else(|panic| failed(panicked(&*panic))), place)
            }
            Err(busy) => (failed(busy), None),
        };
        if let Some(leftover) = leftover {
            leftover.drain().await;
        }
        let (mut response, reply) = answer;
        id.name(&mut response);
        match (reply, place) {
            (Some(reply), _) => {
                reply.write(&id, &mut response);
                response
            }
            (None, Some(place)) => response.map(|body| held(place, body)),
            (None, None) => response,
        }
    }

    /// Room among the requests in flight; `None` for one that is answered however many there are.
    fn place(&self, request: &Request) -> Result<Option<OwnedSemaphorePermit>, ApiError> {
        if is_always_answered(request.uri().path()) {
            return Ok(None);
        }
        let busy = |_| ApiError::Unavailable("too many requests are in flight, please retry".into());
        Semaphore::try_acquire_owned(Arc::clone(&self.app.in_flight)).map(Some).map_err(busy)
    }

    async fn handle(&self, mut request: Request, id: &RequestId) -> Answer {
        // Nearly all requests are creates: they do without the cost of finding the route.
        if request.method() == Method::POST && request.uri().path() == "/event" {
            let created = events::create(State(Arc::clone(&self.app)), request).await;
            return (Response::default(), Some(created.unwrap_or_else(Reply::failed)));
        }
        request.extensions_mut().insert(id.clone());
        let Ok(mut response) = self.routes.clone().call(request).await;
        let reply = response.extensions_mut().remove();
        (response, reply)
    }
}

fn failed(error: ApiError) -> Answer {
    (Response::default(), Some(Reply::failed(error)))
}

/// An answer that is still being made is in flight until the last of it is written.
fn held(place: OwnedSemaphorePermit, body: Body) -> Body {
    Body::new(body.map_frame(move |frame| {
        let _held = &place;
        frame
    }))
}

fn panicked(panic: &(dyn Any + Send)) -> ApiError {
    let text =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or_default(), "a handler panicked");
    ApiError::Internal
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use bus::Channels;
    use runtime::metrics;
    use runtime::shutdown::Shutdown;
    use store::Store;

    use super::*;
    use crate::Config;

    /// Connects to nothing that is asked for here.
    fn app() -> Arc<App> {
        let channels = Channels::kafka(runtime::config::load("MILLRACE_TEST_NONE_").unwrap()).unwrap();
        let store = Store::new(runtime::config::load("MILLRACE_TEST_NONE_").unwrap()).unwrap();
        let app = App::new(Config::default(), &channels, store, metrics::registry(), Shutdown::new());
        Arc::new(app.unwrap())
    }

    #[tokio::test]
    async fn a_panic_is_answered_in_the_envelope_and_keeps_its_words_to_itself() {
        let panics = get(async || -> Reply { panic!("a secret") });
        let front = Front { app: app(), routes: Router::new().route("/", panics) };
        let request = Request::builder().uri("/").header("x-request-id", "test").body(Body::empty());
        let answer = front.answer(request.unwrap()).await;
        assert_eq!(answer.status(), 500);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let text = r#"{"success":false,"error":"internal error","code":"internal","request_id":"test"}"#;
        assert_eq!(body, text);
    }
}
