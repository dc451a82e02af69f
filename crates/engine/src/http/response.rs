//! Responses as ClickHouse's server gives them.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use serde_json::json;
use tokio::task::yield_now;
use uuid::Uuid;

use crate::{compression, exception::Exception, library::Progress, select::Rest};

/// A successful statement's headers, and how its body is encoded.
pub(super) struct Answer<'a> {
    pub(super) query_id: &'a str,
    pub(super) content_type: &'a str,
    /// The result's format; none for a statement without a result.
    pub(super) format: Option<&'a str>,
    pub(super) compress: bool,
}

impl Answer<'_> {
    /// A response that is complete.
    pub(super) fn whole(self, result: &Bytes, progress: Progress) -> Response {
        let body = if self.compress { compression::encode(result) } else { result.clone() };
        let mut response = self.with(Body::from(body));
        set(&mut response, "x-clickhouse-summary", &summary(progress));
        response
    }

    /// A response that goes on while the query does. Its status is decided; should the query fail, the
    /// exception stands at the end of the body, between marks that hold a tag of the headers, and the
    /// connection breaks off.
    pub(super) fn stream(self, first: Bytes, rest: Rest) -> Response {
        let tag: String = Uuid::now_v7().simple().to_string().chars().rev().take(16).collect();
        let (compress, end) = (self.compress, tag.clone());
        let pieces = stream::unfold(Next::Piece(first, rest), move |next| {
            let end = end.clone();
            async move {
                match next {
                    Next::Piece(piece, mut rest) => {
                        let piece = if compress { compression::encode(&piece) } else { piece };
                        let next = match rest.next().await {
                            Some(Ok(piece)) => Next::Piece(piece, rest),
                            Some(Err(exception)) => Next::Exception(exception),
                            None => Next::End,
                        };
                        Some((Ok(piece), next))
                    }
                    Next::Exception(exception) => Some((Ok(tagged(&exception, &end)), Next::Broken)),
                    Next::Broken => {
                        // What was sent is on its way before the connection is cut.
                        yield_now().await;
                        Some((Err("the query failed"), Next::End))
                    }
                    Next::End => None,
                }
            }
        });
        let mut response = self.with(Body::from_stream(pieces));
        set(&mut response, "x-clickhouse-exception-tag", &tag);
        response
    }

    fn with(&self, body: Body) -> Response {
        let mut response = Response::new(body);
        set(&mut response, header::CONTENT_TYPE.as_str(), self.content_type);
        set(&mut response, "x-clickhouse-query-id", self.query_id);
        if let Some(format) = self.format {
            set(&mut response, "x-clickhouse-format", format);
        }
        response
    }
}

/// What is sent next of a streamed response.
enum Next {
    Piece(Bytes, Rest),
    Exception(Exception),
    Broken,
    End,
}

/// The end of a body that an exception cuts short, as of ClickHouse 25.11.
fn tagged(exception: &Exception, tag: &str) -> Bytes {
    let message = format!("{}\n", exception.text);
    let length = message.len();
    format!("\r\n__exception__\r\n{tag}\r\n{message}{length} {tag}\r\n__exception__\r\n").into()
}

/// What the statement read and wrote; ClickHouse writes its numbers as strings.
fn summary(progress: Progress) -> String {
    json!({
        "read_rows": progress.read_rows.to_string(),
        "read_bytes": progress.read_bytes.to_string(),
        "written_rows": progress.written_rows.to_string(),
        "written_bytes": progress.written_bytes.to_string(),
    })
    .to_string()
}

/// A header whose value can't be sent is left out: a client's own query id may be such a value.
fn set(response: &mut Response, name: &'static str, value: &str) {
    if !value.is_empty()
        && let Ok(value) = HeaderValue::from_str(value)
    {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
}

/// The response to a request whose statement failed before anything of its result was sent.
pub(super) fn failed(exception: &Exception, query_id: &str) -> Response {
    let mut response = Response::new(Body::from(format!("{}\n", exception.text)));
    *response.status_mut() = exception.status();
    set(&mut response, header::CONTENT_TYPE.as_str(), "text/plain; charset=UTF-8");
    set(&mut response, "x-clickhouse-query-id", query_id);
    set(&mut response, "x-clickhouse-exception-code", &exception.code.to_string());
    response
}

/// What `GET /` says without a statement.
pub(super) fn ok() -> Response {
    (StatusCode::OK, "Ok.\n").into_response()
}
