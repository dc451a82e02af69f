//! Keeps web pages out, as long as there are no keys. A page that a browser shows can reach whatever the
//! browser's machine can: it must not write or read events.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderValue, Uri, header};
use runtime::authority::{address, is_loopback, split};

use crate::Config;
use crate::error::ApiError;
use crate::own_page::{self, Sender};
use crate::places::Class;
use crate::voice::Voice;

/// Who is let in besides this machine itself.
pub(crate) struct Guard {
    hosts: Allowed,
    origins: Allowed,
    /// Whether keys are asked for: then a page can only do what the key that it was given is for.
    has_keys: bool,
}

enum Allowed {
    Any,
    /// In lower case.
    These(Vec<String>),
}

impl Guard {
    /// On an address that only this machine reaches, a page could use the browser to reach it by a name of its
    /// own (DNS rebinding), so the host must be known. On any other, and where keys are asked for, the caller may
    /// know the API by any name, unless `ALLOWED_HOSTS` says otherwise.
    pub(crate) fn new(config: &Config, listens: IpAddr, has_keys: bool) -> Self {
        let hosts = match Allowed::parse(&config.allowed_hosts) {
            Allowed::These(none) if none.is_empty() && (has_keys || !listens.is_loopback()) => {
                if !has_keys {
                    tracing::warn!(
                        address = %listens,
                        "whoever reaches this address is let in: there are no keys, and ALLOWED_HOSTS is not set"
                    );
                }
                Allowed::Any
            }
            // Where clients are sent to, they are let in.
            Allowed::These(mut hosts) => {
                let public = config.public_url.as_ref().map(|url| split(url.authority()).0);
                hosts.extend(public.map(str::to_ascii_lowercase));
                Allowed::These(hosts)
            }
            Allowed::Any => Allowed::Any,
        };
        Self { hosts, origins: Allowed::parse(&config.allowed_origins), has_keys }
    }

    /// The error is a 403. Links from anywhere may lead to our own page, whose files hold no data.
    pub(crate) fn admit(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        class: Option<Class>,
        voice: Voice,
    ) -> Result<(), ApiError> {
        // Browsers send the user of an address that was opened once along with the requests of any page. The
        // clients of Segment's dialect send theirs themselves, and with it a page can do no more than write.
        let by_itself = !self.has_keys || is_basic(headers) && voice != Voice::Segment;
        if by_itself && class != Some(Class::File) && !self.knows_page(headers) {
            return Err(ApiError::Forbidden(
                "requests from other web pages are refused: see ALLOWED_ORIGINS",
            ));
        }
        let mut named = headers.get_all(header::HOST).iter().map(|host| host.to_str().unwrap_or_default());
        let absolute = uri.authority().map(axum::http::uri::Authority::as_str);
        if named.all(|host| self.knows_host(host)) && absolute.is_none_or(|host| self.knows_host(host)) {
            Ok(())
        } else {
            Err(ApiError::Forbidden("requests to this host are refused: see ALLOWED_HOSTS"))
        }
    }

    /// Whether a request comes from no page, from our own, or from one that is let in.
    fn knows_page(&self, headers: &HeaderMap) -> bool {
        own_page::sender(headers) == Sender::OwnPage
            || match (headers.get(header::ORIGIN), &self.origins) {
                (Some(origin), _) => self.knows_origin(origin.to_str().unwrap_or_default()),
                (None, Allowed::Any) => true,
                (None, Allowed::These(_)) => headers.get("sec-fetch-site").is_none_or(|site| site == "none"),
            }
    }

    /// Whether a page of this origin may read the answers of routes of this class and voice: any page may send
    /// events with the key that it was given, which is all that there is in Segment's dialect.
    pub(crate) fn lets_read(&self, origin: &HeaderValue, class: Option<Class>, voice: Voice) -> bool {
        self.knows_origin(origin.to_str().unwrap_or_default())
            || self.has_keys && (class == Some(Class::Ingest) || voice == Voice::Segment)
    }

    /// An address is no name that a page could have made to lead here; probes ask by it.
    fn knows_host(&self, authority: &str) -> bool {
        match &self.hosts {
            Allowed::Any => true,
            Allowed::These(hosts) => {
                is_loopback(authority) || address(authority).is_some() || has(hosts, split(authority).0)
            }
        }
    }

    fn knows_origin(&self, origin: &str) -> bool {
        let Allowed::These(origins) = &self.origins else { return true };
        let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        authority.is_some_and(is_loopback) || has(origins, origin)
    }
}

fn is_basic(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::AUTHORIZATION).iter();
    values
        .into_iter()
        .any(|value| value.as_bytes().get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"basic")))
}

/// An error names the variable with a word that no request would match.
pub(crate) fn check(config: &Config) -> anyhow::Result<()> {
    for host in words(&config.allowed_hosts) {
        anyhow::ensure!(
            !host.contains('/') && split(&host).0 == host,
            "ALLOWED_HOSTS: {host:?} must be a name alone, such as events.example.com"
        );
    }
    // Pages in files and frames without rights send `null`, extensions a scheme of their own.
    for origin in words(&config.allowed_origins).filter(|origin| origin != "*" && origin != "null") {
        let authority = origin.split_once("://").map(|(_, authority)| authority);
        anyhow::ensure!(
            authority.is_some_and(|authority| !authority.is_empty() && !authority.contains('/')),
            "ALLOWED_ORIGINS: {origin:?} must be as browsers send it, such as https://app.example.com"
        );
    }
    Ok(())
}

/// In lower case.
fn words(list: &str) -> impl Iterator<Item = String> {
    list.split(',').map(|word| word.trim().to_ascii_lowercase()).filter(|word| !word.is_empty())
}

impl Allowed {
    fn parse(list: &str) -> Self {
        let words: Vec<_> = words(list).collect();
        if words.iter().any(|word| word == "*") { Self::Any } else { Self::These(words) }
    }
}

fn has(known: &[String], word: &str) -> bool {
    known.iter().any(|known| known.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    fn guard(hosts: &str, origins: &str, listens: &str) -> Guard {
        let config =
            Config { allowed_hosts: hosts.into(), allowed_origins: origins.into(), ..Config::default() };
        Guard::new(&config, listens.parse().unwrap(), false)
    }

    fn admits(guard: &Guard, headers: &[(&'static str, &'static str)]) -> bool {
        admitted(guard, headers, Voice::Native)
    }

    fn admitted(guard: &Guard, headers: &[(&'static str, &'static str)], voice: Voice) -> bool {
        let headers =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        guard.admit(&Uri::from_static("/event"), &headers.collect(), None, voice).is_ok()
    }

    #[test]
    fn a_page_is_let_in_from_this_machine_and_from_origins_that_are_known() {
        for listens in ["127.0.0.1", "0.0.0.0"] {
            let guard = guard("", "https://App.example.com, null", listens);
            for origin in ["http://localhost:3000", "https://127.0.0.1", "https://app.example.com", "null"] {
                assert!(admits(&guard, &[("origin", origin), ("sec-fetch-site", "cross-site")]), "{origin}");
            }
            for origin in
                ["https://example.com", "http://app.example.com", "https://localhost.evil", "", "file://"]
            {
                assert!(!admits(&guard, &[("origin", origin)]), "{origin}");
            }
            assert!(!admits(&guard, &[("sec-fetch-site", "cross-site")]));
            assert!(!admits(&guard, &[("sec-fetch-site", "same-site")]));
            assert!(admits(&guard, &[("sec-fetch-site", "same-origin")]));
            assert!(admits(&guard, &[("sec-fetch-site", "none")]));
        }
        let any = guard("", "*", "127.0.0.1");
        assert!(admits(&any, &[("origin", "https://example.com")]));
        assert!(admits(&any, &[("sec-fetch-site", "cross-site")]));
        assert!(!admits(&guard("", "", "127.0.0.1"), &[("origin", "null")]));
    }

    #[test]
    fn where_keys_are_asked_for_any_page_may_send_events_and_those_that_are_known_may_read() {
        let config = Config { allowed_origins: "https://app.example.com".into(), ..Config::default() };
        let guard = Guard::new(&config, IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), true);
        let (own, other) = ("https://app.example.com", "https://example.com");
        for origin in [own, other] {
            assert!(admits(&guard, &[("origin", origin), ("host", "events.example.com")]), "{origin}");
        }
        assert!(!admits(&guard, &[("origin", other), ("authorization", "Basic eA==")]));
        assert!(admitted(&guard, &[("origin", other), ("authorization", "Basic eA==")], Voice::Segment));
        assert!(admits(&guard, &[("origin", own), ("authorization", "basic eA==")]));
        assert!(admits(&guard, &[("origin", other), ("authorization", "Bearer x")]));
        let reads = |origin, class| guard.lets_read(&HeaderValue::from_static(origin), class, Voice::Native);
        assert!(guard.lets_read(&HeaderValue::from_static(other), None, Voice::Segment));
        assert!(reads(own, Some(Class::Ingest)) && reads(own, Some(Class::Read)) && reads(own, None));
        assert!(reads(other, Some(Class::Ingest)) && !reads(other, Some(Class::Read)) && !reads(other, None));
    }

    #[test]
    fn on_a_loopback_address_the_host_must_be_known() {
        let host = |guard: &Guard, host| admits(guard, &[("host", host)]);
        let closed = guard("", "", "127.0.0.1");
        assert!(host(&closed, "localhost:8080") && host(&closed, "[::1]:1") && admits(&closed, &[]));
        assert!(!host(&closed, "example.com") && !host(&closed, "api:8080"));
        let mut both = HeaderMap::new();
        for name in ["localhost", "example.com"] {
            both.append(header::HOST, name.parse().unwrap());
        }
        assert!(closed.admit(&Uri::from_static("/"), &both, None, Voice::Native).is_err());
        assert!(
            closed
                .admit(&Uri::from_static("http://example.com/"), &HeaderMap::new(), None, Voice::Native)
                .is_err()
        );

        let open = guard("", "", "0.0.0.0");
        assert!(host(&open, "api:8080") && host(&open, "example.com"));
        for listens in ["0.0.0.0", "127.0.0.1"] {
            let some = guard("API,example.com", "", listens);
            assert!(host(&some, "api:8080") && host(&some, "Example.com") && host(&some, "localhost"));
            assert!(!host(&some, "other:8080"));
            assert!(host(&some, "10.1.2.3:8080") && host(&some, "[fd00::1]"));
            assert!(host(&guard("*", "", listens), "other"));
        }
        for (url, name) in [("https://Events.example.com:8443/a", "events.example.com"), ("http://b", "b")] {
            let config = Config { public_url: Some(url.parse().unwrap()), ..Config::default() };
            let guard = Guard::new(&config, IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), false);
            assert!(host(&guard, name) && host(&guard, "localhost") && !host(&guard, "example.com"));
        }
    }
}
