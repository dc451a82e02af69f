//! What a browser wants to know before it lets a page read an answer or send JSON. The guard says whose pages
//! are let in.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;

use crate::voice::Voice;

const METHODS: &str = "GET, POST, PUT, DELETE";
/// That a page may send, besides those that need no permission.
const SENT: &str = "authorization, content-type, content-encoding, idempotency-key, last-event-id, mcp-method, mcp-name, \
    mcp-protocol-version, x-api-key, x-request-id, x-tenant";
/// That a page may read, likewise.
const READ: &str = "retry-after, x-request-id";
/// In seconds.
const REMEMBERED: &str = "600";
/// The same for Segment's clients, which send whatever headers their versions know.
const SEGMENT_METHODS: &str = "GET, POST, OPTIONS";
const SEGMENT_REMEMBERED: &str = "7200";

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
pub(crate) fn preflight(request: &Request, voice: Voice) -> Response {
    let asked = request.headers().get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    let (methods, sent, remembered) = match voice {
        Voice::Native | Voice::EventService => (METHODS, Some(HeaderValue::from_static(SENT)), REMEMBERED),
        Voice::Segment => (SEGMENT_METHODS, asked, SEGMENT_REMEMBERED),
    };
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(remembered));
    if let Some(sent) = sent {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, sent);
    }
    response
}

/// Lets a page of this origin read the answer. Some users have Segment's clients send cookies along, which are
/// not looked at.
pub(crate) fn allow(origin: HeaderValue, headers: &mut HeaderMap, voice: Voice) {
    if voice == Voice::Segment {
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(READ));
    headers.append(header::VARY, HeaderValue::from_static("origin"));
}
