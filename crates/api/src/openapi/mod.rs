//! The API's description in `OpenAPI` 3.1, for people and programs. What a route takes and answers when all is well
//! stands at its handler; what can go wrong on the way there follows from the route table.

mod common;

use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use utoipa::OpenApi;
use utoipa::openapi::{HttpMethod, OpenApi as OpenApiDocument};

use crate::call::Call;
use crate::route::{Described, Route};
use crate::shapes;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Millrace",
        description = "Event analytics: events in over HTTP, answers about them a moment later. Every answer but \
            those of `/metrics`, `/openapi.json` and the dialects of others is in one envelope, and bears the request's id."
    ),
    components(schemas(shapes::Failure, shapes::FlatFailure)),
    tags(
        (name = "events", description = "Written one by one or in batches, changed, read"),
        (name = "segment", description = "What clients of Segment, RudderStack and Jitsu send and ask for"),
        (name = "event service", description = "What laboratory software publishes"),
        (name = "audit", description = "What happened to a subject or in a trace, who did it, and what was changed since"),
        (name = "questions", description = "About many events; all take `from` and `to`, or `days`, and `timezone`"),
        (name = "alerts", description = "What the rules of `ALERTS_FILE` have noticed"),
        (name = "session", description = "How the page knows who looks at it"),
        (name = "operation", description = "Whether all is well"),
    )
)]
struct Description;

/// The description of these routes as JSON.
pub(crate) fn document(routes: &[Route]) -> String {
    described(routes).to_json().unwrap_or_default()
}

fn described(routes: &[Route]) -> OpenApiDocument {
    let mut document = Description::openapi();
    common::add_keys(&mut document);
    for route in routes {
        let Some(described) = route.described else { continue };
        let Described { mut operation, shapes } = described();
        common::describe(&mut operation, route);
        document.paths.add_path_operation(route.path, method(route), operation);
        document.components.get_or_insert_default().schemas.extend(shapes);
    }
    document
}

fn method(route: &Route) -> Vec<HttpMethod> {
    match route.method {
        Method::POST => vec![HttpMethod::Post],
        Method::PUT => vec![HttpMethod::Put],
        Method::DELETE => vec![HttpMethod::Delete],
        _ => vec![HttpMethod::Get],
    }
}

/// This description.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "operation",
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json", body = serde_json::Value))
)]
pub(crate) async fn show(Call { app, .. }: Call) -> Response {
    ([(CONTENT_TYPE, "application/json")], app.description.clone()).into_response()
}

#[cfg(test)]
mod tests {
    use utoipa::openapi::path::Operation;
    use utoipa::openapi::{PathItem, RefOr, Schema};

    use super::*;
    use crate::routes::ROUTES;

    fn operations() -> Vec<(String, &'static str, Operation)> {
        let paths = described(ROUTES).paths.paths;
        let of_path = |(path, item): (String, PathItem)| {
            let methods =
                [("GET", item.get), ("POST", item.post), ("PUT", item.put), ("DELETE", item.delete)];
            let named = move |(method, operation): (_, Option<Operation>)| {
                operation.map(|operation| (path.clone(), method, operation))
            };
            methods.into_iter().filter_map(named)
        };
        paths.into_iter().flat_map(of_path).collect()
    }

    #[test]
    fn every_operation_is_under_a_heading_that_is_explained() {
        let headings = Description::openapi().tags.unwrap_or_default();
        for (path, _, operation) in operations() {
            let [tag] = &operation.tags.unwrap_or_default()[..] else { panic!("{path} has no one tag") };
            assert!(headings.iter().any(|heading| heading.name == *tag), "{path}: {tag}");
        }
    }

    #[test]
    fn every_operation_has_its_name_its_errors_and_what_keys_it_asks_for() {
        assert_eq!(operations().len(), ROUTES.iter().filter(|route| route.described.is_some()).count());
        for (path, method, operation) in operations() {
            let route = ROUTES.iter().find(|route| route.path == path && route.method == method).unwrap();
            assert_eq!(operation.operation_id.as_deref(), Some(route.name), "{path}");
            assert!(operation.summary.is_some() || operation.description.is_some(), "{path}");
            let statuses = operation.responses.responses;
            assert!(statuses.contains_key("401") || route.scope.is_none(), "{path}");
            assert!(
                statuses.contains_key("500") && statuses.keys().any(|status| status.starts_with('2')),
                "{path}"
            );
            assert_eq!(operation.security.is_some(), route.scope.is_some(), "{path}");
        }
    }

    #[test]
    fn a_parameter_is_of_one_type() {
        for (path, _, operation) in operations() {
            for parameter in operation.parameters.unwrap_or_default() {
                let RefOr::T(parameter) = parameter else { panic!("{path}: a parameter is elsewhere") };
                let is_of_two = matches!(parameter.schema, Some(RefOr::T(Schema::AllOf(_))));
                assert!(!is_of_two, "{path}: {}", parameter.name);
            }
        }
    }
}
