//! An answer, whole, and the form in which tests show it.

use std::fmt::Write as _;

use reqwest::header::HeaderMap;
use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

/// Sends a request and reads the whole answer.
pub(crate) trait Ask {
    async fn ask(self) -> Answer;
}

impl Ask for RequestBuilder {
    async fn ask(self) -> Answer {
        let response = self.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        Answer { status, headers, text: response.text().await.unwrap() }
    }
}

impl Answer {
    /// The body, which is JSON in every answer.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json", "{}", self.text);
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// `data`, null if there is none.
    pub(crate) fn data(&self) -> Value {
        self.json()["data"].take()
    }

    /// The event that the answer is about.
    pub(crate) fn id(&self) -> String {
        self.data()["id"].as_str().unwrap_or_else(|| panic!("no id: {}", self.text)).to_owned()
    }

    /// A header; empty if there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Status and body, word for word but for ids and times.
    pub(crate) fn shown(&self) -> String {
        let mut text = self.text.clone();
        for field in ["id", "created_at", "updated_at", "next_cursor", "from", "to", "complete_until"] {
            text = redact(&text, field);
        }
        // Hours are rolled up meanwhile.
        for field in ["rolled_hours", "live_hours"] {
            text = redact_number(&text, field);
        }
        format!("{} {text}", self.status.as_u16())
    }

    /// Panics unless the answer is an error of this status, code and sentence.
    pub(crate) fn refuses(&self, status: u16, code: &str, error: &str) {
        let json = self.json();
        let got = (self.status.as_u16(), json["code"].as_str(), json["error"].as_str());
        assert_eq!(got, (status, Some(code), Some(error)), "{}", self.text);
        assert_eq!((&json["success"], json["request_id"].is_string()), (&Value::Bool(false), true));
    }

    /// Panics unless the answer is a 503 that invites a retry.
    pub(crate) fn invites_a_retry(&self) {
        let json = self.json();
        assert_eq!(
            (self.status.as_u16(), json["code"].as_str()),
            (503, Some("unavailable")),
            "{}",
            self.text
        );
        assert_eq!((self.header("retry-after"), json["success"].as_bool()), ("1", Some(false)));
    }
}

/// The same of a field of numbers.
fn redact_number(text: &str, field: &str) -> String {
    let start = format!("\"{field}\":");
    let mut pieces = text.split(&start);
    let mut redacted = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let rest = piece.trim_start_matches(|c: char| c.is_ascii_digit());
        write!(redacted, "{start}[{field}]{rest}").unwrap();
    }
    redacted
}

/// The text of a field of strings, wherever it is, is replaced by the field's name.
fn redact(text: &str, field: &str) -> String {
    let start = format!("\"{field}\":\"");
    let mut pieces = text.split(&start);
    let mut redacted = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (_, rest) = piece.split_once('"').unwrap();
        write!(redacted, "{start}[{field}]\"{rest}").unwrap();
    }
    redacted
}
