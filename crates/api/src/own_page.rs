//! Requests of our own page, told from those of others by what only browsers set.

use axum::http::{HeaderMap, HeaderValue, header};

/// Whether the page that sends this came from the host that it calls. Browsers say so themselves
/// (`Sec-Fetch-Site`), but not of a page that came by plain HTTP from another machine: there the origin must be of
/// the host that the request is for.
pub(crate) fn sends(headers: &HeaderMap) -> bool {
    match headers.get("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => text(headers.get(header::ORIGIN)).and_then(|origin| origin.split_once("://")).is_some_and(
            |(_, authority)| {
                text(headers.get(header::HOST)).is_some_and(|host| host.eq_ignore_ascii_case(authority))
            },
        ),
    }
}

fn text(value: Option<&HeaderValue>) -> Option<&str> {
    value.and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_page_is_known_by_its_browser_or_by_its_host() {
        let sent = |headers: &[(&'static str, &str)]| {
            let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            sends(&headers.collect())
        };
        let (host, own) = (("host", "events.example:8080"), ("origin", "http://Events.example:8080"));
        assert!(sent(&[host, own]) && sent(&[host, ("sec-fetch-site", "same-origin")]));
        assert!(sent(&[host, own, ("sec-fetch-site", "same-origin")]));
        for site in ["cross-site", "same-site", "none", ""] {
            assert!(!sent(&[host, own, ("sec-fetch-site", site)]), "{site}");
        }
        for origin in
            ["http://events.example", "http://events.example:80801", "https://evil.example", "null", ""]
        {
            assert!(!sent(&[host, ("origin", origin)]), "{origin}");
        }
        assert!(!sent(&[host]) && !sent(&[own]) && !sent(&[]));
    }
}
