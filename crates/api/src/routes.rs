//! The route table: all that is known of a route in front of its handler. The router, the limits, what callers
//! may do, the numbers, the description and the shape of refusals are made of it.

use axum::http::Method;
use model::Kind;

use crate::keys::Scope;
use crate::places::Class::{self, File, Heavy, Ingest, Read, Stream, Tail, Watch};
use crate::questions::commerce;
use crate::route::{Described, Handler, KeyPlace, Route, described, run};
use crate::voice::Voice;
use crate::{
    alerts, analytics, audit, event_service, events, health, mcp, metrics, openapi, page, pipeline,
    publish_event, questions, recent, segment, session, tail,
};

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
    native(Method::GET, "/events", "list_events", Heavy, READS, described::<questions::events::__path_list>, |call| run(call, questions::events::list)),
    native(Method::GET, "/events/conversation/{conversation_id}", "read_conversation", Stream, READS, described::<events::conversation::__path_by_conversation>, |call| run(call, events::conversation::by_conversation)),
    native(Method::GET, "/analytics/errors", "count_errors", Heavy, READS, described::<analytics::__path_errors>, |call| run(call, analytics::errors)),
    native(Method::GET, "/analytics/latency", "slowest_conversations", Heavy, READS, described::<analytics::__path_latency>, |call| run(call, analytics::latency)),
    native(Method::GET, "/analytics/sessions/top-errors", "top_error_conversations", Heavy, READS, described::<analytics::__path_top_error_sessions>, |call| run(call, analytics::top_error_sessions)),
    native(Method::GET, "/analytics/active-users", "active_users", Heavy, READS, described::<commerce::active_users::__path_active_users>, |call| run(call, commerce::active_users::active_users)),
    native(Method::GET, "/analytics/retention", "user_retention", Heavy, READS, described::<commerce::retention::__path_retention>, |call| run(call, commerce::retention::retention)),
    native(Method::GET, "/analytics/sessions", "sessions", Heavy, READS, described::<commerce::sessions::__path_sessions>, |call| run(call, commerce::sessions::sessions)),
    native(Method::GET, "/analytics/revenue", "revenue", Heavy, READS, described::<commerce::revenue::__path_revenue>, |call| run(call, commerce::revenue::revenue)),
    native(Method::GET, "/analytics/conversion", "conversion", Heavy, READS, described::<commerce::conversion::__path_conversion>, |call| run(call, commerce::conversion::conversion)),
    native(Method::GET, "/analytics/products", "products", Heavy, READS, described::<commerce::products::__path_products>, |call| run(call, commerce::products::products)),
    native(Method::GET, "/analytics/inventory", "inventory", Heavy, READS, described::<commerce::inventory::__path_inventory>, |call| run(call, commerce::inventory::inventory)),
    native(Method::GET, "/analytics/heatmap", "heatmap", Heavy, READS, described::<commerce::heatmap::__path_heatmap>, |call| run(call, commerce::heatmap::heatmap)),
    native(Method::GET, "/analytics/operations", "operations", Heavy, READS, described::<commerce::operations::__path_operations>, |call| run(call, commerce::operations::operations)),
    native(Method::GET, "/analytics/geography", "geography", Heavy, READS, described::<commerce::geography::__path_geography>, |call| run(call, commerce::geography::geography)),
    native(Method::GET, "/analytics/acquisition", "acquisition", Heavy, READS, described::<commerce::acquisition::__path_acquisition>, |call| run(call, commerce::acquisition::acquisition)),
    native(Method::POST, "/query", "query", Heavy, READS, described::<questions::query::__path_query>, |call| run(call, questions::query::query)),
    native(Method::GET, "/query", "query_link", Heavy, READS, described::<questions::query::__path_query_link>, |call| run(call, questions::query::query_link)),
    native(Method::GET, "/export", "export_events", Heavy, READS, described::<questions::export::__path_export>, |call| run(call, questions::export::export)),
    native(Method::GET, "/search", "search_events", Heavy, READS, described::<questions::search::__path_search>, |call| run(call, questions::search::search)),
    native(Method::GET, "/similar/{id}", "similar_events", Heavy, READS, described::<questions::similar::__path_similar>, |call| run(call, questions::similar::similar)),
    native(Method::POST, "/funnel", "funnel", Heavy, READS, described::<questions::funnel::__path_funnel>, |call| run(call, questions::funnel::funnel)),
    native(Method::GET, "/funnel", "funnel_link", Heavy, READS, described::<questions::funnel::__path_funnel_link>, |call| run(call, questions::funnel::funnel_link)),
    native(Method::POST, "/funnel/users", "funnel_users", Heavy, READS, described::<questions::funnel::__path_users>, |call| run(call, questions::funnel::users)),
    native(Method::GET, "/funnel/users", "funnel_users_link", Heavy, READS, described::<questions::funnel::__path_users_link>, |call| run(call, questions::funnel::users_link)),
    native(Method::POST, "/paths", "paths", Heavy, READS, described::<questions::paths::__path_paths>, |call| run(call, questions::paths::paths)),
    native(Method::GET, "/paths", "paths_link", Heavy, READS, described::<questions::paths::__path_paths_link>, |call| run(call, questions::paths::paths_link)),
    native(Method::POST, "/retention", "retention", Heavy, READS, described::<questions::retention::__path_retention>, |call| run(call, questions::retention::retention)),
    native(Method::GET, "/retention", "retention_link", Heavy, READS, described::<questions::retention::__path_retention_link>, |call| run(call, questions::retention::retention_link)),
    native(Method::POST, "/retention/users", "retention_users", Heavy, READS, described::<questions::retention::__path_users>, |call| run(call, questions::retention::users)),
    native(Method::GET, "/retention/users", "retention_users_link", Heavy, READS, described::<questions::retention::__path_users_link>, |call| run(call, questions::retention::users_link)),
    native(Method::GET, "/users", "list_users", Heavy, READS, described::<questions::users::__path_list>, |call| run(call, questions::users::list)),
    native(Method::GET, "/users/{user}", "read_user", Heavy, READS, described::<questions::users::__path_one>, |call| run(call, questions::users::one)),
    native(Method::GET, "/errors/groups", "group_errors", Heavy, READS, described::<questions::errors::__path_groups>, |call| run(call, questions::errors::groups)),
    native(Method::GET, "/tail", "tail", Tail, READS, described::<tail::handler::__path_tail>, |call| run(call, tail::handler::tail)),
    native(Method::GET, "/schema", "schema", Heavy, READS, described::<questions::schema::__path_schema>, |call| run(call, questions::schema::schema)),
    native(Method::GET, "/schema/values", "schema_values", Heavy, READS, described::<questions::schema::__path_values>, |call| run(call, questions::schema::values)),
    native(Method::POST, "/mcp", "mcp", Read, READS, described::<mcp::__path_answer>, |call| run(call, mcp::answer)),
    native(Method::GET, "/alerts", "list_alerts", Read, READS, described::<alerts::list::__path_list>, |call| run(call, alerts::list::list)),
    native(Method::GET, "/alerts/rules", "list_alert_rules", Read, READS, described::<alerts::rules::__path_rules>, |call| run(call, alerts::rules::rules)),
    native(Method::POST, "/alerts/{id}/ack", "acknowledge_alert", Read, Some(Scope::Admin), described::<alerts::acknowledge::__path_acknowledge>, |call| run(call, alerts::acknowledge::acknowledge)),
    segment(Method::POST, "/v1/identify", &["/v1/i", "/api/s/identify", "/api/s/s2s/identify"], "segment_identify", Ingest, WRITES, described::<segment::take::__path_single>, |call| run(call, |call| segment::take::single(call, Kind::Identify))),
    segment(Method::POST, "/v1/track", &["/v1/t", "/api/s/track", "/api/s/s2s/track"], "segment_track", Ingest, WRITES, described::<segment::take::__path_single>, |call| run(call, |call| segment::take::single(call, Kind::Track))),
    segment(Method::POST, "/v1/page", &["/v1/p", "/api/s/page", "/api/s/s2s/page"], "segment_page", Ingest, WRITES, described::<segment::take::__path_single>, |call| run(call, |call| segment::take::single(call, Kind::Page))),
    segment(Method::POST, "/v1/screen", &["/v1/s", "/api/s/screen", "/api/s/s2s/screen"], "segment_screen", Ingest, WRITES, described::<segment::take::__path_single>, |call| run(call, |call| segment::take::single(call, Kind::Screen))),
    segment(Method::POST, "/v1/group", &["/v1/g", "/api/s/group", "/api/s/s2s/group"], "segment_group", Ingest, WRITES, described::<segment::take::__path_single>, |call| run(call, |call| segment::take::single(call, Kind::Group))),
    segment(Method::POST, "/v1/alias", &["/v1/a", "/api/s/alias", "/api/s/s2s/alias"], "segment_alias", Ingest, WRITES, described::<segment::take::__path_single>, |call| run(call, |call| segment::take::single(call, Kind::Alias))),
    segment(Method::POST, "/v1/batch", &["/v1/b", "/v1/import", "/beacon/v1/batch", "/api/s/batch", "/api/s/s2s/batch"], "segment_batch", Ingest, WRITES, described::<segment::take::__path_batch>, |call| run(call, segment::take::batch)),
    segment(Method::POST, "/v1/event", &[], "semantic_event", Ingest, WRITES, described::<segment::take::__path_semantic>, |call| run(call, segment::take::semantic)),
    segment(Method::POST, "/v1/m", &[], "segment_metrics", Ingest, None, described::<segment::take::__path_metrics>, |call| run(call, segment::take::metrics)),
    segment(Method::GET, "/v1/projects/{key}/settings", &["/projects/{key}/settings"], "segment_settings", Watch, WRITES, described::<segment::settings::__path_project>, |call| run(call, segment::settings::project)),
    segment(Method::GET, "/sourceConfig", &[], "source_config", Watch, WRITES, described::<segment::settings::__path_source_config>, |call| run(call, segment::settings::source_config)),
    event_service(Method::POST, "/api/v2.0/EventService", "publish_messages", Ingest, WRITES, described::<event_service::publish::__path_publish>, |call| run(call, event_service::publish::publish)),
    event_service(Method::POST, "/api/v2.0/QueryService/Events", "query_messages", Stream, READS, described::<event_service::query::__path_events>, |call| run(call, event_service::query::events)),
    event_service(Method::GET, "/api/v2.0/ServerTime", "server_time", Watch, None, described::<event_service::server_time::__path_show>, |call| run(call, event_service::server_time::show)),
    native(Method::GET, "/audit/subjects/{subject}", "audit_subject", Stream, READS, described::<audit::handlers::__path_of_subject>, |call| run(call, audit::handlers::of_subject)),
    native(Method::GET, "/audit/traces/{trace_id}", "audit_trace", Stream, READS, described::<audit::handlers::__path_of_trace>, |call| run(call, audit::handlers::of_trace)),
    native(Method::POST, "/test/publish-event", "publish_event", Ingest, WRITES, described::<publish_event::__path_publish>, |call| run(call, publish_event::publish)),
    native(Method::GET, "/v1/debug/recent", "recent", Watch, Some(Scope::Admin), described::<recent::__path_show>, |call| run(call, recent::show)),
    native(Method::GET, "/health", "health", Watch, None, described::<health::__path_health>, |call| run(call, health::health)),
    native(Method::GET, "/ready", "ready", Watch, None, described::<health::__path_ready>, |call| run(call, health::ready)),
    native(Method::GET, "/ping", "ping", Watch, None, described::<health::__path_ping>, |call| run(call, health::ping)),
    native(Method::GET, "/pipeline", "pipeline", Watch, READS, described::<pipeline::__path_pipeline>, |call| run(call, pipeline::pipeline)),
    native(Method::GET, "/openapi.json", "openapi", Watch, None, described::<openapi::__path_show>, |call| run(call, openapi::show)),
    native(Method::GET, "/metrics", "metrics", Watch, READS, described::<metrics::__path_show>, |call| run(call, metrics::show)),
    native(Method::GET, "/ui/session", "session", Watch, None, described::<session::handlers::__path_show>, |call| run(call, session::handlers::show)),
    native(Method::POST, "/ui/session", "sign_in", Watch, None, described::<session::handlers::__path_sign_in>, |call| run(call, session::handlers::sign_in)),
    native(Method::DELETE, "/ui/session", "sign_out", Watch, None, described::<session::handlers::__path_sign_out>, |call| run(call, session::handlers::sign_out)),
    page("/docs", &[], "docs", |call| run(call, page::docs)),
    page("/ui/{*path}", &["/ui", "/"], "page", |call| run(call, page::show)),
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
    let (voice, key_place) = (Voice::Native, KeyPlace::Headers);
    let described = Some(described);
    Route { method, path, aliases: &[], name, class, scope, key_place, voice, described, handler }
}

const fn event_service(
    method: Method,
    path: &'static str,
    name: &'static str,
    class: Class,
    scope: Option<Scope>,
    described: fn() -> Described,
    handler: Handler,
) -> Route {
    let (voice, key_place) = (Voice::EventService, KeyPlace::Headers);
    let described = Some(described);
    Route { method, path, aliases: &[], name, class, scope, key_place, voice, described, handler }
}

#[expect(clippy::too_many_arguments, reason = "a row of the table")]
const fn segment(
    method: Method,
    path: &'static str,
    aliases: &'static [&'static str],
    name: &'static str,
    class: Class,
    scope: Option<Scope>,
    described: fn() -> Described,
    handler: Handler,
) -> Route {
    let (voice, key_place) = (Voice::Segment, KeyPlace::Anywhere);
    let described = Some(described);
    Route { method, path, aliases, name, class, scope, key_place, voice, described, handler }
}

const fn page(
    path: &'static str,
    aliases: &'static [&'static str],
    name: &'static str,
    handler: Handler,
) -> Route {
    let (method, voice, key_place) = (Method::GET, Voice::Native, KeyPlace::Headers);
    Route {
        method,
        path,
        aliases,
        name,
        class: File,
        scope: None,
        key_place,
        voice,
        described: None,
        handler,
    }
}
