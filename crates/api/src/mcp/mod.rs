//! The Model Context Protocol over streamable HTTP: an assistant asks the questions that programs ask by the other
//! routes. Every request stands alone: there are no sessions, so that none is lost with a process.
//!
//! `rmcp` speaks the protocol, in all its versions. Here a request is read within the limits of any body and handed
//! over; `server` answers, `tools` says what there is to call.

mod arguments;
mod result;
mod schema;
mod server;
mod tools;

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use rmcp::ErrorData;
use rmcp::model::{ClientJsonRpcMessage, JsonRpcError};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use runtime::server::end_with_caller;

use crate::call::Call;
use crate::error::ApiError;
use server::Server;

pub(crate) use tools::Tools;

/// The largest message in bytes: a question of 64 KiB and what is around it.
const MAX_BYTES: usize = 128 << 10;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A message of the Model Context Protocol, version 2024-11-05 to 2026-07-28: `initialize`, `tools/list`,
/// `tools/call` and their like. There are no sessions and no streams: each message stands alone, and its answer is
/// JSON. What is the matter with a question is a result with `isError`, in the words of its route.
#[utoipa::path(
    post,
    path = "/mcp",
    tag = "questions",
    request_body(content = serde_json::Value, example = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})),
    responses(
        (status = 200, description = "The answer, or an error of JSON-RPC", body = serde_json::Value),
        (status = 202, description = "A notification was taken"),
        (status = 400, description = "No message of JSON-RPC, or of a version that is not known", body = serde_json::Value),
        (status = 404, description = "No such method, in the version 2026-07-28", body = serde_json::Value)
    )
)]
pub(crate) async fn answer(mut call: Call) -> Result<Response, ApiError> {
    let body = call.app.bodies.read(&call.headers, std::mem::take(&mut call.body), MAX_BYTES).await?;
    let (message, _room) = body.parsed(|bytes, _| Ok(message(bytes))).await?;
    let message = match message {
        Ok(message) => message,
        Err(error) => return Ok(refused(error)),
    };
    let mut request = Request::new(Body::from(message));
    *request.method_mut() = Method::POST;
    *request.headers_mut() = headers(&call.headers);
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(MAX_BYTES);
    // Here and not where the question is asked, which is in a task of the transport.
    end_with_caller();
    let server = Server::new(call);
    let sessions = Arc::new(NeverSessionManager::default());
    let service = StreamableHttpService::new(move || Ok(server.clone()), sessions, config);
    worded(service.handle(request).await.map(Body::new)).await
}

/// The bytes of a message. The transport would answer 415 to what is none.
fn message(bytes: &[u8]) -> Result<Bytes, ErrorData> {
    match serde_json::from_slice::<ClientJsonRpcMessage>(bytes) {
        Ok(_) => Ok(Bytes::copy_from_slice(bytes)),
        Err(error) if error.is_data() => {
            Err(ErrorData::invalid_request("the body must be one message of JSON-RPC 2.0", None))
        }
        Err(error) => Err(ErrorData::parse_error(format!("the body must be JSON: {error}"), None)),
    }
}

/// What the transport looks at: the protocol's own headers, and some that make no difference here. The guard has looked
/// at the host, bodies are read whatever their type says, and no answer is a stream.
fn headers(sent: &HeaderMap) -> HeaderMap {
    let own = sent.iter().filter(|(name, _)| name.as_str().starts_with("mcp-"));
    let mut headers: HeaderMap = own.map(|(name, value)| (name.clone(), value.clone())).collect();
    headers.insert(header::HOST, HeaderValue::from_static("localhost"));
    headers.insert(header::CONTENT_TYPE, JSON);
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
    headers
}

fn refused(error: ErrorData) -> Response {
    let body = serde_json::to_vec(&JsonRpcError::new(None, error)).unwrap_or_default();
    (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, JSON)], body).into_response()
}

/// What the transport refuses as a plain text is refused in the voice of the route.
async fn worded(response: Response) -> Result<Response, ApiError> {
    let status = response.status();
    if status.is_success() || response.headers().get(header::CONTENT_TYPE) == Some(&JSON) {
        return Ok(response);
    }
    let text = response.into_body().collect().await.map(http_body_util::Collected::to_bytes);
    let text = String::from_utf8_lossy(&text.unwrap_or_default()).into_owned();
    if status.is_client_error() {
        return Err(ApiError::Invalid(text));
    }
    tracing::error!(reason = text, request_id = crate::request::id(), "the transport failed");
    Err(ApiError::Internal)
}
