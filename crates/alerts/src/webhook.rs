//! Tells others what became of alerts: each state once, by a signed POST.

mod deliver;
mod schedule;
mod signature;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{Request, Uri};
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use model::Timestamp;
use store::{Alert, AlertState};
use tokio::time::timeout;

pub use deliver::Deliverer;

/// How long an answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Who is told, and how it is known by whom. Cheap to clone.
#[derive(Clone)]
pub struct Webhook {
    uri: Uri,
    secret: String,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// A webhook that can't be one.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// Not an address.
    #[error("url must begin with http:// or https:// and have a host")]
    Url,
    /// Anybody could sign.
    #[error("the secret is empty")]
    NoSecret,
}

/// Why an alert was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("no answer within {} s", ANSWER_WITHIN.as_secs())]
    Late,
    #[error("no connection: {0}")]
    Away(#[from] hyper_util::client::legacy::Error),
    #[error("answered {0}")]
    Status(http::StatusCode),
    #[error("the request could not be made: {0}")]
    Request(#[from] http::Error),
}

impl Webhook {
    /// Checks the address and connects with the first alert.
    pub fn new(url: &str, secret: &str) -> Result<Self, WebhookError> {
        let uri: Uri = url.parse().map_err(|_| WebhookError::Url)?;
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        if !is_http || uri.host().is_none_or(str::is_empty) {
            return Err(WebhookError::Url);
        }
        if secret.is_empty() {
            return Err(WebhookError::NoSecret);
        }
        let connector =
            HttpsConnectorBuilder::new().with_webpki_roots().https_or_http().enable_http1().build();
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { uri, secret: secret.to_owned(), client })
    }

    /// Tells that the alert came to this state. Redirects are not followed.
    pub(crate) async fn send(&self, alert: &Alert, state: AlertState, now: Timestamp) -> Result<(), Refused> {
        let body = serde_json::to_vec(alert).unwrap_or_default();
        let request = Request::post(self.uri.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("millrace/", env!("CARGO_PKG_VERSION")))
            .header("Idempotency-Key", format!("{}-{state}", alert.id))
            .header("Millrace-Signature", signature::header(self.secret.as_bytes(), now, &body))
            .body(Full::from(body))?;
        let answer =
            timeout(ANSWER_WITHIN, self.client.request(request)).await.map_err(|_| Refused::Late)??;
        if answer.status().is_success() { Ok(()) } else { Err(Refused::Status(answer.status())) }
    }
}

/// Without the secret.
impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook").field("host", &self.uri.host()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_no_address_is_refused() {
        for url in ["", "hook", "/hook", "127.0.0.1:9000/hook", "ftp://a.example/", "http:///hook"] {
            assert_eq!(Webhook::new(url, "secret").err(), Some(WebhookError::Url), "{url}");
        }
        assert_eq!(Webhook::new("https://a.example/hook?a=b", "").err(), Some(WebhookError::NoSecret));
        let webhook = Webhook::new("https://a.example/hook?a=b", "secret").unwrap();
        assert!(!format!("{webhook:?}").contains("secret"));
    }
}
