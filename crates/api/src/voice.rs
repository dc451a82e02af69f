//! How answers are worded: each dialect has clients of its own, with a shape of answers that they know.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

use crate::error::ApiError;
use crate::reply::{Meta, Reply};
use crate::request::RequestId;

/// What a refused client should wait before it tries again, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");
/// How a client without a key should show one.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The shape of a route's answers, also of those that are made in front of its handler.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Voice {
    /// The envelope: `{"success", "message"?, "data"?, "meta"?, "error"?, "code"?, "request_id"}`.
    #[default]
    Native,
}

impl Voice {
    /// The answer as it goes to the client.
    pub(crate) fn write<T: Serialize, B: From<Vec<u8>>>(
        self,
        reply: &Reply<T>,
        id: &RequestId,
    ) -> Response<B> {
        let body = match self {
            Self::Native => serde_json::to_vec(&Envelope::of(reply, id)),
        };
        let body = match body {
            Ok(body) => body,
            Err(error) => {
                tracing::error!(%error, request_id = id.as_str(), "an answer could not be written");
                return self.refuse(ApiError::Internal, id);
            }
        };
        let mut response = Response::new(B::from(body));
        *response.status_mut() = reply.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, JSON);
        if reply.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        if reply.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, CHALLENGE);
        }
        if let Some(ApiError::Method { allowed }) = &reply.error
            && let Ok(allowed) = HeaderValue::from_str(allowed)
        {
            headers.insert(header::ALLOW, allowed);
        }
        response
    }

    /// The answer to a request that was not done.
    pub(crate) fn refuse<B: From<Vec<u8>>>(self, error: ApiError, id: &RequestId) -> Response<B> {
        self.write(&Reply::<()>::failed(error), id)
    }
}

/// What a handler may return.
pub(crate) trait Answer {
    /// As it goes to the client.
    fn write(self, voice: Voice, id: &RequestId) -> Response;
}

impl<T: Serialize> Answer for Reply<T> {
    fn write(self, voice: Voice, id: &RequestId) -> Response {
        voice.write(&self, id)
    }
}

/// For answers that are no reply, or are made while the client reads them.
impl Answer for Response {
    fn write(self, _: Voice, _: &RequestId) -> Response {
        self
    }
}

impl<A: Answer> Answer for Result<A, ApiError> {
    fn write(self, voice: Voice, id: &RequestId) -> Response {
        match self {
            Ok(answer) => answer.write(voice, id),
            Err(error) => voice.refuse(error, id),
        }
    }
}

#[derive(Serialize)]
struct Envelope<'a, T> {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<&'a Meta>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
    request_id: &'a str,
}

impl<'a, T> Envelope<'a, T> {
    fn of(reply: &'a Reply<T>, id: &'a RequestId) -> Self {
        Self {
            success: reply.error.is_none(),
            message: reply.message,
            data: reply.data.as_ref(),
            meta: reply.meta.as_ref(),
            error: reply.error.as_ref().map(ToString::to_string),
            code: reply.error.as_ref().map(|error| error.status_and_code().1),
            request_id: id.as_str(),
        }
    }
}
