//! Where clients reach the API from outside.

use std::str::FromStr;

use axum::http::uri::{Authority, Scheme};
use axum::http::{HeaderMap, Uri, header};
use serde::{Deserialize, Deserializer, de};

use crate::error::ApiError;

/// An address such as `https://events.example.com`, with or without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    protocol: &'static str,
    /// Authority and path, without a slash at the end.
    host: String,
}

impl PublicUrl {
    /// What a request says of how it came here.
    pub(super) fn of_request(uri: &Uri, headers: &HeaderMap) -> Result<Self, ApiError> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let host = text(header::HOST.as_str()).or_else(|| uri.authority().map(Authority::as_str));
        let host =
            host.filter(|host| !host.is_empty()).ok_or(ApiError::Missing("the header Host is required"))?;
        // A list of proxies writes the nearest to the client first.
        let proxied = text("x-forwarded-proto").and_then(|protocols| protocols.split(',').next());
        let is_https = proxied.is_some_and(|protocol| protocol.trim().eq_ignore_ascii_case("https"));
        Ok(Self { protocol: if is_https { "https" } else { "http" }, host: host.to_owned() })
    }

    /// The host, and the port if it is there.
    pub(crate) fn authority(&self) -> &str {
        self.host.split('/').next().unwrap_or_default()
    }

    /// `http` or `https`.
    pub(super) fn protocol(&self) -> &'static str {
        self.protocol
    }

    /// What stands behind `https://`.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    fn parsed(text: &str) -> Option<Self> {
        let url: Uri = text.parse().ok()?;
        let protocol = match url.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => "https",
            Some(scheme) if *scheme == Scheme::HTTP => "http",
            _ => return None,
        };
        let authority = url.authority().filter(|authority| !authority.as_str().contains('@'))?;
        let path = url.path().trim_end_matches('/');
        url.query().is_none().then(|| Self { protocol, host: format!("{authority}{path}") })
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::parsed(text).ok_or_else(|| "must be an address such as https://events.example.com".to_owned())
    }
}

impl<'de> Deserialize<'de> for PublicUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_protocol_and_a_host() {
        let parsed = |text| PublicUrl::parsed(text).map(|url| (url.protocol, url.host));
        let some = |protocol, host: &str| Some((protocol, host.to_owned()));
        assert_eq!(parsed("https://events.example.com"), some("https", "events.example.com"));
        assert_eq!(parsed("http://localhost:8080/"), some("http", "localhost:8080"));
        assert_eq!(parsed("https://example.com/millrace/"), some("https", "example.com/millrace"));
        for text in ["", "events.example.com", "ftp://a.example", "https://", "https://a@b", "https://a/?b"] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }

    #[test]
    fn a_request_knows_its_host_and_whether_a_proxy_took_it_by_https() {
        let of = |headers: &[(&'static str, &'static str)]| {
            let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            PublicUrl::of_request(&Uri::from_static("/"), &headers.collect())
                .map(|url| (url.protocol, url.host))
        };
        assert_eq!(of(&[("host", "a:1")]).unwrap(), ("http", "a:1".to_owned()));
        let proxied = [("host", "a"), ("x-forwarded-proto", "HTTPS, http")];
        assert_eq!(of(&proxied).unwrap(), ("https", "a".to_owned()));
        assert!(of(&[]).is_err());
    }
}
