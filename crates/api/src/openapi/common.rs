//! What the route table says of an operation: its name, its keys, and what can go wrong in front of its handler.

use axum::http::Method;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response};

use crate::places::Class;
use crate::route::Route;
use crate::voice::Voice;

const KEYS: [&str; 3] = ["bearer", "x_api_key", "basic"];

/// The ways to show a key.
pub(super) fn add_keys(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    let header = ApiKeyValue::with_description("X-Api-Key", "The key alone");
    for (name, scheme) in KEYS.into_iter().zip([
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build()),
        SecurityScheme::ApiKey(ApiKey::Header(header)),
        SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Basic).build()),
    ]) {
        components.add_security_scheme(name, scheme);
    }
}

/// The operation of a route, completed by what its row says.
pub(super) fn describe(operation: &mut Operation, route: &Route) {
    operation.operation_id = Some(route.name.to_owned());
    let aliases = (!route.aliases.is_empty()).then(|| format!("Also at `{}`.", route.aliases.join("`, `")));
    let scope =
        route.scope.map(|scope| format!("Where keys are asked for, one of scope `{}`.", scope.name()));
    let paragraphs = [operation.description.take(), aliases, scope];
    let text = paragraphs.into_iter().flatten().collect::<Vec<_>>().join("\n\n");
    operation.description = Some(text).filter(|text| !text.is_empty());
    // Without keys configured, none is needed.
    operation.security = route.scope.map(|_| {
        let none = SecurityRequirement::default();
        let keys = KEYS.map(|name| SecurityRequirement::new::<_, [&str; 0], &str>(name, []));
        std::iter::once(none).chain(keys).collect()
    });
    let responses = &mut operation.responses.responses;
    for (status, description) in errors(route) {
        let failure = || RefOr::T(failure(description, route.voice));
        responses.entry(status.to_owned()).or_insert_with(failure);
    }
    for (status, response) in responses {
        let RefOr::T(response) = response else { continue };
        add_header(response, "X-Request-Id", "The id of the request: the client's own, or a random one");
        match status.as_str() {
            "401" => add_header(response, "WWW-Authenticate", "How to show a key"),
            "405" => add_header(response, "Allow", "The methods of this path"),
            "429" | "503" => add_header(response, "Retry-After", "Seconds to wait before the next try"),
            _ => {}
        }
    }
}

/// What can be the matter with any request of the route.
fn errors(route: &Route) -> impl Iterator<Item = (&'static str, &'static str)> {
    let asks = route.scope.is_some();
    let takes_body = route.class == Class::Ingest || route.method == Method::POST;
    let works = route.class != Class::Watch;
    let heavy = route.class == Class::Heavy;
    let tail = route.class == Class::Tail;
    let questions = heavy || matches!(route.class, Class::Read | Class::Stream);
    [
        (true, "400", "Something in the request has to be changed: `error` says what"),
        (asks, "401", "No key, or one that is not known"),
        (true, "403", "The key, the page or the host is not allowed to do this"),
        (true, "405", "The path does not take this method"),
        (takes_body, "408", "The body did not come in time"),
        (takes_body, "413", "The body is too large"),
        (true, "414", "The address is too long"),
        (questions, "422", "The question is too large: `error` says what to narrow"),
        (heavy, "429", "The tenant asks too many questions at once: worth a retry"),
        (tail, "429", "Too many tails are watched at once, by the tenant or by all: worth a retry"),
        (true, "431", "The head of the request is too large"),
        (true, "500", "A fault of Millrace's own"),
        (works || asks, "503", "Too much at once, or what is needed is away: worth a retry"),
    ]
    .into_iter()
    .filter_map(|(can_be, status, description)| can_be.then_some((status, description)))
}

fn failure(description: &str, voice: Voice) -> Response {
    let schema = Ref::from_schema_name(match voice {
        Voice::Native => "Failure",
        Voice::Segment | Voice::EventService => "FlatFailure",
    });
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new().description(description).content("application/json", content).build()
}

fn add_header(response: &mut Response, name: &str, description: &str) {
    let text = ObjectBuilder::new().schema_type(Type::String).build();
    let header = HeaderBuilder::new().schema(Some(text)).description(Some(description)).build();
    response.headers.insert(name.to_owned(), header.into());
}
