//! How answers are worded: each dialect has clients of its own, with a shape of answers that they know.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

use crate::error::ApiError;
use crate::reply::{Meta, Reply};
use crate::request::RequestId;
use crate::router::Lost;

/// What a refused client should wait before it tries again, in seconds. Some of Segment's clients take whole seconds
/// alone, and give up after a few tries.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");
const SEGMENT_RETRY_AFTER: HeaderValue = HeaderValue::from_static("5");
/// How a client without a key should show one.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Where only clients of Segment's dialect call. Those that have forgotten `/v1` call at the root.
const SEGMENT_FOLDERS: [&str; 19] = [
    "/v1",
    "/api/s",
    "/beacon",
    "/projects",
    "/identify",
    "/i",
    "/track",
    "/t",
    "/page",
    "/p",
    "/screen",
    "/s",
    "/group",
    "/g",
    "/alias",
    "/a",
    "/batch",
    "/import",
    "/b",
];

/// Where only clients of the EventService API call.
const EVENT_SERVICE_FOLDER: &str = "/api/v2.0";

/// The shape of a route's answers, also of those that are made in front of its handler.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Voice {
    /// The envelope: `{"success", "message"?, "data"?, "meta"?, "next_cursor"?, "error"?, "code"?, "request_id"}`.
    #[default]
    Native,
    /// What Segment's clients judge answers by: `{"success":true, "rejected"?}`, or `{"success":false, "code",
    /// "message", "error", "rejected"?, "request_id"}`.
    Segment,
    /// The same with other data: `{"success":true, "eventId"? or "results"?}`.
    EventService,
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
            Self::Segment | Self::EventService => serde_json::to_vec(&FlatAnswer::of(reply, id)),
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
        if matches!(reply.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            headers.insert(header::RETRY_AFTER, self.retry_after());
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

    /// What is answered where no route is.
    pub(crate) fn of_no_route(path: &str) -> Lost {
        let begins_with = |folder: &&str| {
            path.strip_prefix(*folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if begins_with(&EVENT_SERVICE_FOLDER) {
            Lost { voice: Self::EventService, error: ApiError::NoRoute }
        } else if SEGMENT_FOLDERS.iter().any(begins_with) {
            Lost { voice: Self::Segment, error: ApiError::NoSegmentRoute }
        } else {
            Lost { voice: Self::Native, error: ApiError::NoRoute }
        }
    }

    fn retry_after(self) -> HeaderValue {
        match self {
            Self::Native | Self::EventService => RETRY_AFTER,
            Self::Segment => SEGMENT_RETRY_AFTER,
        }
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
    next_cursor: Option<&'a str>,
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
            next_cursor: reply.next_cursor.as_deref(),
            error: reply.error.as_ref().map(ToString::to_string),
            code: reply.error.as_ref().map(|error| error.status_and_code().1),
            request_id: id.as_str(),
        }
    }
}

#[derive(Serialize)]
struct FlatAnswer<'a, T> {
    success: bool,
    #[serde(flatten)]
    data: Option<&'a T>,
    #[serde(flatten)]
    failure: Option<FlatFailure<'a>>,
}

/// Some clients read `message`, others `error`.
#[derive(Serialize)]
struct FlatFailure<'a> {
    code: &'static str,
    message: String,
    error: String,
    request_id: &'a str,
}

impl<'a, T> FlatAnswer<'a, T> {
    fn of(reply: &'a Reply<T>, id: &'a RequestId) -> Self {
        let failure = |error: &ApiError| FlatFailure {
            code: error.status_and_code().1,
            message: error.to_string(),
            error: error.to_string(),
            request_id: id.as_str(),
        };
        Self {
            success: reply.error.is_none(),
            data: reply.data.as_ref(),
            failure: reply.error.as_ref().map(failure),
        }
    }
}
