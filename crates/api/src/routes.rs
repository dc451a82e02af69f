//! The route table: all that is known of a route in front of its handler. The router, the limits, what callers
//! may do, the numbers, the description and the shape of refusals are made of it.

use axum::http::Method;

use crate::keys::Scope;
use crate::places::Class::{self, Ingest, Read, Stream, Watch};
use crate::route::{Described, Handler, Route, described, run};
use crate::voice::Voice;
use crate::{analytics, events, health, metrics, openapi, pipeline};

const WRITES: Option<Scope> = Some(Scope::Ingest);
const READS: Option<Scope> = Some(Scope::Read);

/// Every route.
#[rustfmt::skip]
pub(crate) static ROUTES: &[Route] = &[
    native(Method::POST, "/event", "create_event", Ingest, WRITES, described::<events::create::__path_create>, |call| run(call, events::create::create)),
    native(Method::GET, "/event/{id}", "read_event", Read, READS, described::<events::read::__path_by_id>, |call| run(call, events::read::by_id)),
    native(Method::PUT, "/event/{id}", "update_event", Ingest, WRITES, described::<events::update::__path_update>, |call| run(call, events::update::update)),
    native(Method::DELETE, "/event/{id}", "delete_event", Ingest, WRITES, described::<events::delete::__path_delete>, |call| run(call, events::delete::delete)),
    native(Method::POST, "/events", "create_events", Ingest, WRITES, described::<events::batch::__path_create_many>, |call| run(call, events::batch::create_many)),
    native(Method::GET, "/events/conversation/{conversation_id}", "read_conversation", Stream, READS, described::<events::conversation::__path_by_conversation>, |call| run(call, events::conversation::by_conversation)),
    native(Method::GET, "/analytics/errors", "count_errors", Read, READS, described::<analytics::__path_errors>, |call| run(call, analytics::errors)),
    native(Method::GET, "/analytics/latency", "slowest_conversations", Read, READS, described::<analytics::__path_latency>, |call| run(call, analytics::latency)),
    native(Method::GET, "/analytics/sessions/top-errors", "top_error_conversations", Read, READS, described::<analytics::__path_top_error_sessions>, |call| run(call, analytics::top_error_sessions)),
    native(Method::GET, "/health", "health", Watch, None, described::<health::__path_health>, |call| run(call, health::health)),
    native(Method::GET, "/ready", "ready", Watch, None, described::<health::__path_ready>, |call| run(call, health::ready)),
    native(Method::GET, "/ping", "ping", Watch, None, described::<health::__path_ping>, |call| run(call, health::ping)),
    native(Method::GET, "/pipeline", "pipeline", Watch, READS, described::<pipeline::__path_pipeline>, |call| run(call, pipeline::pipeline)),
    native(Method::GET, "/openapi.json", "openapi", Watch, None, described::<openapi::__path_show>, |call| run(call, openapi::show)),
    native(Method::GET, "/metrics", "metrics", Watch, READS, described::<metrics::__path_show>, |call| run(call, metrics::show)),
];

const fn native(
    method: Method,
    path: &'static str,
    name: &'static str,
    class: Class,
    scope: Option<Scope>,
    described: fn() -> Described,
    handler: Handler,
) -> Route {
    Route { method, path, name, class, scope, voice: Voice::Native, described, handler }
}
