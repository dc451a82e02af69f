//! What stands in front of every handler: the request's id, how many may be in flight, what is left of the
//! body, panics, and the shape of the answer.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, header};
use axum::response::Response;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use tower_service::Service;

use crate::app::App;
use crate::cors;
use crate::drain::Unread;
use crate::envelope::{Reply, RequestId};
use crate::error::ApiError;
use crate::events;
use crate::guard::Guard;
use crate::places::{Class, Place};
use crate::request;
use crate::routes::routes;

/// Everything that is served.
pub(crate) struct ApiService {
    app: Arc<App>,
    routes: Router,
    guard: Guard,
}

/// An answer; what the reply says is not written into it yet.
type Answer = (Response, Option<Reply>);

impl ApiService {
    pub(crate) fn new(app: Arc<App>, guard: Guard) -> Self {
        Self { routes: routes(&app), app, guard }
    }

    /// Answers in the envelope, whatever happens behind.
    pub(crate) async fn answer(&self, request: Request) -> Response {
        let id = RequestId::of(request.headers());
        let mut page = request.headers().get(header::ORIGIN).cloned();
        let (request, unread) = Unread::of(request);
        let (answer, place) = match self.admit(&request) {
            Ok(_) if cors::is_preflight(&request) => ((cors::preflight(), None), None),
            Ok(place) => {
                let handled = self.handle(request, &id, place.as_ref());
                let answered = request::answering(id.clone(), AssertUnwindSafe(handled).catch_unwind()).await;
                (answered.unwrap_or_else(|panic| failed(panicked(&*panic, &id))), place)
            }
            Err(refused) => {
                page = None;
                (failed(refused), None)
            }
        };
        let (mut response, reply) = answer;
        if let Some(unread) = unread {
            // The answer is ready: nothing that is still coming is waited for in others' places. What has not
            // come in time is not waited for again.
            if let Some(place) = place.as_ref().filter(|_| reply.is_some()) {
                place.give_back();
            }
            if !reply.as_ref().is_some_and(Reply::is_late) {
                unread.drain().await;
            }
        }
        id.name(&mut response);
        if let Some(page) = page {
            cors::allow(page, response.headers_mut());
        }
        if self.app.is_ending() {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        match (reply, place) {
            (Some(reply), _) => {
                reply.write(&id, &mut response);
                response
            }
            (None, Some(place)) => response.map(|body| held(place, body)),
            (None, None) => response,
        }
    }

    /// Lets a request in: gives it a place among those of its class; `None` for one that is answered however
    /// many there are.
    fn admit(&self, request: &Request) -> Result<Option<Place>, ApiError> {
        self.guard.admit(request.uri(), request.headers())?;
        let class = Class::of(request.method(), request.uri().path());
        class.map(|class| self.app.places.take(class)).transpose()
    }

    async fn handle(&self, mut request: Request, id: &RequestId, place: Option<&Place>) -> Answer {
        // Nearly all requests are creates: they do without the cost of finding the route.
        if let Some(place) = place
            && request.method() == Method::POST
            && request.uri().path() == "/event"
        {
            let created = events::create(&self.app, request, place).await;
            return (Response::default(), Some(created.unwrap_or_else(Reply::failed)));
        }
        request.extensions_mut().insert(id.clone());
        if let Some(place) = place {
            request.extensions_mut().insert(place.clone());
        }
        let Ok(mut response) = self.routes.clone().call(request).await;
        let reply = response.extensions_mut().remove();
        (response, reply)
    }
}

fn failed(error: ApiError) -> Answer {
    (Response::default(), Some(Reply::failed(error)))
}

/// An answer that is still being made is in flight until the last of it is written.
fn held(place: Place, body: Body) -> Body {
    Body::new(body.map_frame(move |frame| {
        let _held = &place;
        frame
    }))
}

fn panicked(panic: &(dyn Any + Send), id: &RequestId) -> ApiError {
    let text =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or_default(), request_id = id.text, "a handler panicked");
    ApiError::Internal
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::net::Ipv4Addr;
    use std::pin::pin;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::Poll;

    use axum::body::Bytes;
    use axum::routing::get;
    use bus::Channels;
    use futures_util::stream;
    use runtime::metrics;
    use runtime::shutdown::Shutdown;
    use store::Store;

    use super::*;
    use crate::Config;

    /// Connects to nothing that is asked for here.
    fn app(config: Config) -> Arc<App> {
        let channels = Channels::kafka(runtime::config::load("MILLRACE_TEST_NONE_").unwrap()).unwrap();
        let store = Store::new(runtime::config::load("MILLRACE_TEST_NONE_").unwrap()).unwrap();
        let app = App::new(config, &channels, store, metrics::registry(), Shutdown::new());
        Arc::new(app.unwrap())
    }

    #[tokio::test]
    async fn a_panic_is_answered_in_the_envelope_and_keeps_its_words_to_itself() {
        let panics = get(async || -> Reply { panic!("a secret") });
        let guard = Guard::new(&Config::default(), Ipv4Addr::LOCALHOST.into());
        let service =
            ApiService { app: app(Config::default()), routes: Router::new().route("/", panics), guard };
        let request = Request::builder().uri("/").header("x-request-id", "test").body(Body::empty());
        let answer = service.answer(request.unwrap()).await;
        assert_eq!(answer.status(), 500);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let text = r#"{"success":false,"error":"internal error","code":"internal","request_id":"test"}"#;
        assert_eq!(body, text);
    }

    #[tokio::test]
    async fn a_refusal_keeps_no_place_while_the_rest_of_the_body_is_awaited() {
        let app = app(Config { max_in_flight: 1, ..Config::default() });
        let service =
            ApiService::new(Arc::clone(&app), Guard::new(&Config::default(), Ipv4Addr::LOCALHOST.into()));
        let never = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        let request = Request::post("/event").header("x-tenant", "no name").body(never).unwrap();
        let mut answer = pin!(service.answer(request));
        assert!(answer.as_mut().now_or_never().is_none());
        assert!(app.places.take(Class::Ingest).is_ok());
    }

    #[tokio::test]
    async fn what_is_left_of_a_body_that_was_too_slow_is_not_waited_for_again() {
        let app = app(Config::default());
        let service = ApiService::new(app, Guard::new(&Config::default(), Ipv4Addr::LOCALHOST.into()));
        // Whoever drains the body does so behind the handler, and so outside of the request that is answered.
        let drained = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&drained);
        let never = Body::from_stream(stream::poll_fn(move |_| {
            seen.fetch_or(request::id().is_empty(), Ordering::Relaxed);
            Poll::<Option<Result<Bytes, Infallible>>>::Pending
        }));
        let answer = service.answer(Request::post("/event").body(never).unwrap()).await;
        assert_eq!(answer.status(), 408);
        assert!(!drained.load(Ordering::Relaxed));
    }
}
