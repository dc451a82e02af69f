//! Keeps web pages out. Whoever can run a program on this machine may use the engine; a page that a
//! browser on this machine shows must not, though the browser can reach the port.

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use runtime::authority::is_loopback;

/// Answers 403 to what a browser sends for a page: it names the page's origin, or says that another
/// site asks, or, where a name was made to lead to this machine, names a host that is not this machine.
pub(super) async fn refuse_strangers(request: Request, next: Next) -> Response {
    match stranger(request.uri(), request.headers()) {
        Some(reason) => (StatusCode::FORBIDDEN, format!("{reason}\n")).into_response(),
        None => next.run(request).await,
    }
}

fn stranger(uri: &Uri, headers: &HeaderMap) -> Option<&'static str> {
    if headers.contains_key(header::ORIGIN) {
        return Some("requests from web pages are refused");
    }
    let site = headers.get("Sec-Fetch-Site");
    if site.is_some_and(|site| site != "none" && site != "same-origin") {
        return Some("requests from web pages are refused");
    }
    let mut hosts =
        headers.get_all(header::HOST).iter().map(|host| host.to_str().unwrap_or_default()).peekable();
    let named = hosts.peek().is_some() && hosts.all(is_loopback);
    let absolute = uri.authority().is_none_or(|authority| is_loopback(authority.as_str()));
    (!named || !absolute).then_some("requests to a host other than this machine are refused")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_must_name_a_host_of_this_machine_everywhere() {
        let headers = |host: &'static str| HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
        assert_eq!(stranger(&Uri::from_static("/"), &headers("127.0.0.1:1")), None);
        assert!(stranger(&Uri::from_static("/"), &HeaderMap::new()).is_some());
        assert!(stranger(&Uri::from_static("http://example.com/"), &headers("127.0.0.1:1")).is_some());
        let mut two = headers("127.0.0.1:1");
        two.append(header::HOST, "example.com".parse().unwrap());
        assert!(stranger(&Uri::from_static("/"), &two).is_some());
    }
}
