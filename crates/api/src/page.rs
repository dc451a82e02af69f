//! The page, and the API's description for people. The page's places and files are under `/ui/`; at the root it is shown to browsers alone, since
//! programs that ask there have got a path wrong.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use crate::call::Call;
use crate::error::ApiError;

/// A file of the page, or the page itself.
pub(crate) async fn show(call: Call) -> Result<Response, ApiError> {
    let is_root = call.uri.path() == "/";
    if is_root && !asks_for_html(&call.headers) {
        return Err(ApiError::NoRoute);
    }
    let path = call.segment.as_deref().unwrap_or_default();
    let mut response = web::under_ui(path, &call.headers).ok_or(ApiError::NoRoute)?.map(Body::from);
    if is_root {
        response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    }
    Ok(response)
}

/// The API's description, to read and to try out.
pub(crate) async fn docs(call: Call) -> Response {
    web::docs(&call.headers).map(Body::from)
}

/// Browsers do when somebody goes to an address.
fn asks_for_html(headers: &HeaderMap) -> bool {
    let sent = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    sent.flat_map(|value| value.split([',', ';'])).any(|kind| kind.trim().eq_ignore_ascii_case("text/html"))
}
