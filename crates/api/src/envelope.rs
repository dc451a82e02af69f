//! The one shape of every answer: `{"success", "message"?, "data"?, "error"?, "code"?, "request_id"}`.
//!
//! Handlers return a [`Reply`]; what stands in front of them writes it, with the request's id.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::error::ApiError;
use crate::request;

/// What a refused client should wait before it tries again, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// An answer before it is written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    status: StatusCode,
    message: Option<&'static str>,
    data: Option<Box<RawValue>>,
    error: Option<ApiError>,
}

impl Reply {
    /// A good answer.
    pub(crate) fn new(status: StatusCode, message: &'static str) -> Self {
        Self { status, message: Some(message), ..Self::default() }
    }

    /// A good answer that is all data.
    pub(crate) fn ok(data: &impl Serialize) -> Self {
        Self::default().with(data)
    }

    /// A bad answer.
    pub(crate) fn failed(error: ApiError) -> Self {
        Self { status: error.status_and_code().0, error: Some(error), ..Self::default() }
    }

    /// The same with data.
    pub(crate) fn with(mut self, data: &impl Serialize) -> Self {
        match serde_json::value::to_raw_value(data) {
            Ok(data) => self.data = Some(data),
            Err(error) => {
                tracing::error!(%error, request_id = request::id(), "an answer could not be written");
                return Self::failed(ApiError::Internal);
            }
        }
        self
    }

    /// Whether the request's body has not come in time.
    pub(crate) fn is_late(&self) -> bool {
        matches!(self.error, Some(ApiError::SlowBody))
    }

    /// Makes the response say it.
    pub(crate) fn write<B: From<Vec<u8>>>(&self, id: &RequestId, response: &mut Response<B>) {
        let envelope = Envelope {
            success: self.error.is_none(),
            message: self.message,
            data: self.data.as_deref(),
            error: self.error.as_ref().map(ToString::to_string),
            code: self.error.as_ref().map(|error| error.status_and_code().1),
            request_id: &id.text,
        };
        *response.status_mut() = self.status;
        // Strings and checked JSON into memory: nothing that can fail.
        *response.body_mut() = B::from(serde_json::to_vec(&envelope).unwrap_or_default());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        // The router has set that of an empty body.
        headers.remove(header::CONTENT_LENGTH);
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER);
        }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        response.extensions_mut().insert(self);
        response
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    request_id: &'a str,
}

/// The id of a request: the client's, or a random one.
#[derive(Clone, Debug)]
pub(crate) struct RequestId {
    pub(crate) text: String,
    /// Whether the client made it.
    pub(crate) is_named: bool,
}

impl RequestId {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let sent = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
        let usable =
            |id: &&str| (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        let named = sent.filter(usable);
        Self {
            text: named.map_or_else(|| format!("{:032x}", rand::random::<u128>()), str::to_owned),
            is_named: named.is_some(),
        }
    }

    /// Names the request in its answer.
    pub(crate) fn name<B>(&self, response: &mut Response<B>) {
        if let Ok(value) = HeaderValue::from_str(&self.text) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
    }
}
