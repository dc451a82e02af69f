//! What a browser wants to know before it lets a page read an answer or send JSON. The guard says whose pages
//! are let in.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;

const METHODS: &str = "GET, POST, PUT, DELETE";
/// That a page may send, besides those that need no permission.
const SENT: &str =
    "authorization, content-type, content-encoding, idempotency-key, x-api-key, x-request-id, x-tenant";
/// That a page may read, likewise.
const READ: &str = "retry-after, x-request-id";
/// In seconds.
const REMEMBERED: &str = "600";

/// Whether a browser asks on behalf of a page what that may send.
pub(crate) fn is_preflight(request: &Request) -> bool {
    let has = |name| request.headers().contains_key(name);
    *request.method() == Method::OPTIONS && has(header::ORIGIN) && has(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// The method that a request has, or that a browser asks about.
pub(crate) fn method(request: &Request) -> Method {
    let asked =
        request.headers().get(header::ACCESS_CONTROL_REQUEST_METHOD).filter(|_| is_preflight(request));
    asked
        .and_then(|method| Method::from_bytes(method.as_bytes()).ok())
        .unwrap_or_else(|| request.method().clone())
}

/// What a page may send.
pub(crate) fn preflight() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, SENT),
        (header::ACCESS_CONTROL_MAX_AGE, REMEMBERED),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Lets a page of this origin read the answer.
pub(crate) fn allow(origin: HeaderValue, headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(READ));
    headers.append(header::VARY, HeaderValue::from_static("origin"));
}
