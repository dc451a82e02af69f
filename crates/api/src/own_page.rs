//! Requests of our own page, told from those of others by what only browsers set.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};

/// Who made a request, as far as a browser says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// A page that came from the host that it calls.
    OwnPage,
    /// A page from elsewhere.
    OtherPage,
    /// Whoever uses the browser, by opening an address.
    Person,
    /// A program, or a page that reads by plain HTTP from another machine: of that browsers say nothing.
    Unknown,
}

/// Browsers say it themselves (`Sec-Fetch-Site`), but not of pages that came by plain HTTP from another machine.
/// There the origin must be of the host that the request is for.
pub(crate) fn sender(headers: &HeaderMap) -> Sender {
    match (headers.get("sec-fetch-site"), headers.get(header::ORIGIN)) {
        (Some(site), _) if site == "same-origin" => Sender::OwnPage,
        (Some(site), _) if site == "none" => Sender::Person,
        (None, Some(origin)) if is_of(origin, headers) => Sender::OwnPage,
        (None, None) => Sender::Unknown,
        _ => Sender::OtherPage,
    }
}

/// Whether the cookies of a request count, which browsers add to those of other pages too. Of an unknown sender they
/// do if it only reads: what another page makes a browser read it is not shown, and it can't write without an origin.
pub(crate) fn may_use_cookies<B>(request: &Request<B>) -> bool {
    match sender(request.headers()) {
        Sender::OwnPage | Sender::Person => true,
        Sender::OtherPage => false,
        Sender::Unknown => request.method().is_safe(),
    }
}

fn is_of(origin: &HeaderValue, headers: &HeaderMap) -> bool {
    let authority =
        text(Some(origin)).and_then(|origin| origin.split_once("://")).map(|(_, authority)| authority);
    let host = text(headers.get(header::HOST));
    authority.is_some_and(|authority| host.is_some_and(|host| host.eq_ignore_ascii_case(authority)))
}

fn text(value: Option<&HeaderValue>) -> Option<&str> {
    value.and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: (&str, &str) = ("host", "events.example:8080");
    const OWN: (&str, &str) = ("origin", "http://Events.example:8080");

    fn request(method: &str, headers: &[(&'static str, &str)]) -> Request<()> {
        let mut request = Request::builder().method(method);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap()
    }

    #[test]
    fn our_own_page_is_known_by_its_browser_or_by_its_host() {
        let sent = |headers: &[_]| sender(request("GET", headers).headers());
        assert_eq!(sent(&[HOST, OWN]), Sender::OwnPage);
        assert_eq!(sent(&[HOST, OWN, ("sec-fetch-site", "same-origin")]), Sender::OwnPage);
        assert_eq!(sent(&[HOST, ("sec-fetch-site", "same-origin")]), Sender::OwnPage);
        assert_eq!(sent(&[HOST, ("sec-fetch-site", "none")]), Sender::Person);
        assert_eq!(sent(&[HOST]), Sender::Unknown);
        for site in ["cross-site", "same-site", ""] {
            assert_eq!(sent(&[HOST, OWN, ("sec-fetch-site", site)]), Sender::OtherPage, "{site}");
        }
        for origin in
            ["http://events.example", "http://events.example:80801", "https://evil.example", "null", ""]
        {
            assert_eq!(sent(&[HOST, ("origin", origin)]), Sender::OtherPage, "{origin}");
        }
        assert_eq!(sent(&[OWN]), Sender::OtherPage);
    }

    #[test]
    fn cookies_count_where_no_other_page_can_have_made_the_browser_send_them() {
        let count = |method, headers: &[_]| may_use_cookies(&request(method, headers));
        for method in ["GET", "POST", "DELETE"] {
            assert!(count(method, &[HOST, OWN]), "{method}");
            assert!(!count(method, &[HOST, ("origin", "http://other.example:8080")]), "{method}");
            assert!(!count(method, &[HOST, ("sec-fetch-site", "same-site")]), "{method}");
        }
        assert!(count("GET", &[HOST]) && count("HEAD", &[HOST]) && !count("POST", &[HOST]));
    }
}
