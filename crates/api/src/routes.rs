//! The route table: all that is known of a route in front of its handler. The router, the limits, what callers
//! may do, the numbers, the description and the shape of refusals are made of it.

use axum::http::Method;

use crate::keys::Scope;
use crate::places::Class::{self, Ingest, Read, Stream, Watch};
use crate::route::{Handler, Route, run};
use crate::voice::Voice;
use crate::{analytics, events, health, metrics, openapi, pipeline};

const WRITES: Option<Scope> = Some(Scope::Ingest);
const READS: Option<Scope> = Some(Scope::Read);

/// Every route.
#[rustfmt::skip]
pub(crate) static ROUTES: &[Route] = &[
    native(Method::POST, "/event", "create_event", Ingest, WRITES, |call| run(call, events::create::create)),
    native(Method::GET, "/event/{id}", "read_event", Read, READS, |call| run(call, events::read::by_id)),
    native(Method::PUT, "/event/{id}", "update_event", Ingest, WRITES, |call| run(call, events::update::update)),
    native(Method::DELETE, "/event/{id}", "delete_event", Ingest, WRITES, |call| run(call, events::delete::delete)),
    native(Method::POST, "/events", "create_events", Ingest, WRITES, |call| run(call, events::batch::create_many)),
    native(Method::GET, "/events/conversation/{conversation_id}", "read_conversation", Stream, READS, |call| run(call, events::conversation::by_conversation)),
    native(Method::GET, "/analytics/errors", "count_errors", Read, READS, |call| run(call, analytics::errors)),
    native(Method::GET, "/analytics/latency", "slowest_conversations", Read, READS, |call| run(call, analytics::latency)),
    native(Method::GET, "/analytics/sessions/top-errors", "top_error_conversations", Read, READS, |call| run(call, analytics::top_error_sessions)),
    native(Method::GET, "/health", "health", Watch, None, |call| run(call, health::health)),
    native(Method::GET, "/ready", "ready", Watch, None, |call| run(call, health::ready)),
    native(Method::GET, "/ping", "ping", Watch, None, |call| run(call, health::ping)),
    native(Method::GET, "/pipeline", "pipeline", Watch, READS, |call| run(call, pipeline::pipeline)),
    native(Method::GET, "/openapi.json", "openapi", Watch, None, |call| run(call, openapi::show)),
    native(Method::GET, "/metrics", "metrics", Watch, READS, |call| run(call, metrics::show)),
];

const fn native(
    method: Method,
    path: &'static str,
    name: &'static str,
    class: Class,
    scope: Option<Scope>,
    handler: Handler,
) -> Route {
    Route { method, path, name, class, scope, voice: Voice::Native, handler }
}
