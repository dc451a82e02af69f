//! What stands in front of every handler: the request's id, whose it is, how many may be in flight, what is left
//! of the body, and panics.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use runtime::server::end_with_caller;
use tower::{Service, service_fn};

use crate::app::App;
use crate::auth::Caller;
use crate::call::Call;
use crate::compression;
use crate::cors;
use crate::drain::Unread;
use crate::error::ApiError;
use crate::guard::Guard;
use crate::own_page;
use crate::places::{Class, Place};
use crate::request::RequestId;
use crate::route::KeyPlace;
use crate::router::{Found, Lost, Router};

/// Everything that is served.
pub(crate) struct ApiService {
    app: Arc<App>,
    router: Router,
    guard: Guard,
}

impl ApiService {
    pub(crate) fn new(app: Arc<App>, router: Router, guard: Guard) -> Self {
        Self { app, router, guard }
    }

    /// The service that layers go around. Its future is the answer's own, without a box.
    pub(crate) fn shared(
        self,
    ) -> impl Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone {
        let shared = Arc::new(self);
        service_fn(move |request| {
            let service = Arc::clone(&shared);
            async move { Ok(service.answer(request).await) }
        })
    }

    /// Answers in the voice of the route, whatever happens behind.
    pub(crate) async fn answer(&self, request: Request) -> Response {
        let begun = Instant::now();
        let id = RequestId::of(request.headers());
        let page = request.headers().get(header::ORIGIN).cloned();
        let (mut request, unread) = Unread::of(request);
        if !own_page::may_use_cookies(&request) {
            request.headers_mut().remove(header::COOKIE);
        }
        let renewed = self.app.auth.renewed(request.headers());
        let is_preflight = cors::is_preflight(&request);
        let found = self.router.find(&cors::method(&request), request.uri().path());
        let route = found.as_ref().ok().map(|found| found.route);
        let class = route.map(|route| route.class);
        let voice = found.as_ref().map_or_else(|lost| lost.voice, |found| found.route.voice);
        let page = page.filter(|page| self.guard.lets_read(page, class, voice));
        let (mut response, place) = match self.guard.admit(request.uri(), request.headers(), class, voice) {
            Err(refused) => (voice.refuse(refused, &id), None),
            Ok(()) if is_preflight => (cors::preflight(&request, voice), None),
            Ok(()) => self.route(found, request, &id).await,
        };
        // A preflight is none of the requests that it asks about.
        let name = route.filter(|_| !is_preflight).map(|route| route.name);
        self.app.requests.count(name, response.status(), begun.elapsed());
        if let Some(unread) = unread {
            // The answer is ready: nothing that is still coming is waited for in others' places. What has not
            // come in time is not waited for again.
            if let Some(place) = place {
                place.give_back();
            }
            if response.status() != StatusCode::REQUEST_TIMEOUT {
                unread.drain().await;
            }
        }
        id.name(&mut response);
        if let Some(renewed) = renewed
            && response.status().is_success()
        {
            // One that the route has set is newer.
            response.headers_mut().entry(header::SET_COOKIE).or_insert(renewed);
        }
        if let Some(page) = page {
            cors::allow(page, response.headers_mut(), voice);
        }
        if class.is_some_and(|class| !matches!(class, Class::Ingest | Class::File)) {
            compression::allow(&mut response);
        }
        if self.app.is_ending() {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }

    /// The answer of the route, and the place that the request had.
    async fn route(
        &self,
        found: Result<Found, Lost>,
        request: Request,
        id: &RequestId,
    ) -> (Response, Option<Place>) {
        let found = match found {
            Ok(found) => found,
            Err(Lost { voice, error }) => return (voice.refuse(error, id), None),
        };
        let (voice, class) = (found.route.voice, found.route.class);
        let (call, place) = match self.admit(found, request, id) {
            Ok(admitted) => admitted,
            Err(refused) => return (voice.refuse(refused, id), None),
        };
        if matches!(class, Class::Heavy | Class::Tail) {
            end_with_caller();
        }
        (call.handled().await, Some(place))
    }

    /// Lets a request in: knows who makes it, and gives it a place among those of its class.
    fn admit(&self, found: Found, request: Request, id: &RequestId) -> Result<(Call, Place), ApiError> {
        let (parts, body) = request.into_parts();
        let Found { route, segment } = found;
        let caller = match route.key_place {
            KeyPlace::Headers => self.app.auth.caller(id.clone(), &parts.headers, route.scope)?,
            KeyPlace::Anywhere => Caller::nobody(id.clone()),
        };
        let place = self.app.places.take(route.class, &caller.tenant)?;
        let call = Call {
            app: Arc::clone(&self.app),
            route,
            caller,
            place: place.clone(),
            headers: parts.headers,
            uri: parts.uri,
            body,
            segment,
        };
        Ok((call, place))
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::pin::pin;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::Poll;

    use axum::body::{Body, Bytes};
    use axum::http::Method;
    use bus::Channels;
    use futures_util::{FutureExt, stream};
    use http_body_util::BodyExt;
    use model::Tenant;
    use runtime::metrics;
    use runtime::shutdown::Shutdown;
    use sha2::{Digest, Sha256};
    use store::Store;

    use super::*;
    use crate::Config;
    use crate::health;
    use crate::keys::Scope;
    use crate::request;
    use crate::route::{Route, described};
    use crate::routes::ROUTES;
    use crate::voice::Voice;

    /// Connects to nothing that is asked for here.
    fn app(config: Config) -> Arc<App> {
        let channels = Channels::kafka(runtime::config::load("MILLRACE_TEST_NONE_").unwrap()).unwrap();
        let store = Store::new(runtime::config::load("MILLRACE_TEST_NONE_").unwrap()).unwrap();
        let app =
            App::new(config, Bytes::new(), &channels, store, metrics::registry(), None, Shutdown::new());
        Arc::new(app.unwrap())
    }

    fn service(app: Arc<App>, routes: &'static [Route]) -> ApiService {
        let guard = Guard::new(&app.config, Ipv4Addr::LOCALHOST.into(), app.auth.has_keys());
        ApiService::new(app, Router::new(routes).unwrap(), guard)
    }

    #[tokio::test]
    async fn a_panic_is_answered_in_the_envelope_and_keeps_its_words_to_itself() {
        static PANICS: &[Route] = &[Route {
            method: Method::GET,
            path: "/panic",
            aliases: &[],
            name: "panic",
            class: Class::Watch,
            scope: None,
            key_place: KeyPlace::Headers,
            voice: Voice::Native,
            described: Some(described::<health::__path_ping>),
            handler: |_| panic!("a secret"),
        }];
        let service = service(app(Config::default()), PANICS);
        let request = Request::builder().uri("/panic").header("x-request-id", "test").body(Body::empty());
        let answer = service.answer(request.unwrap()).await;
        assert_eq!(answer.status(), 500);
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let text = r#"{"success":false,"error":"internal error","code":"internal","request_id":"test"}"#;
        assert_eq!(body, text);
    }

    #[tokio::test]
    async fn a_refusal_keeps_no_place_while_the_rest_of_the_body_is_awaited() {
        let app = app(Config { max_in_flight: 1, ..Config::default() });
        let service = service(Arc::clone(&app), ROUTES);
        let never = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
        let request = Request::post("/event").header("x-tenant", "no name").body(never).unwrap();
        let mut answer = pin!(service.answer(request));
        assert!(answer.as_mut().now_or_never().is_none());
        assert!(app.places.take(Class::Ingest, &Tenant::default()).is_ok());
    }

    #[tokio::test]
    async fn what_is_left_of_a_body_that_was_too_slow_is_not_waited_for_again() {
        let service = service(app(Config::default()), ROUTES);
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

    #[tokio::test]
    async fn every_route_that_says_so_asks_for_a_key_of_its_scope() {
        let keys = [("ingest", "acme:ingest"), ("read", "acme:read")];
        let entry = |(key, entry): &(&str, &str)| format!("{entry}:{}", hex::encode(Sha256::digest(key)));
        let api_keys = keys.iter().map(entry).collect::<Vec<_>>().join(",");
        let service = service(app(Config { api_keys, ..Config::default() }), ROUTES);
        let status = async |route: &Route, key: &str| {
            let request = Request::builder().method(&route.method).uri(route.path).header("x-api-key", key);
            service.answer(request.body(Body::empty()).unwrap()).await.status()
        };
        for route in ROUTES {
            let open = [
                "health",
                "ready",
                "ping",
                "openapi",
                "segment_metrics",
                "server_time",
                "page",
                "docs",
                "session",
                "sign_in",
                "sign_out",
            ];
            if open.contains(&route.name) {
                assert!(route.scope.is_none(), "{}", route.name);
                continue;
            }
            assert_eq!(status(route, "").await, 401, "{}", route.name);
            assert_eq!(status(route, "unknown").await, 401, "{}", route.name);
            let wrong = if route.scope == Some(Scope::Ingest) { "read" } else { "ingest" };
            assert_eq!(status(route, wrong).await, 403, "{}", route.name);
        }
    }
}
