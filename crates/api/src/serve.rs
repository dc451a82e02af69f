//! The API's connections: how long and how many, and what those are told that no handler sees.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, StatusCode};
use hyper::body::Incoming;
use runtime::server::{self, Limits};
use runtime::shutdown::Shutdown;
use tokio::net::TcpListener;
use tower::ServiceBuilder;

use crate::compression;
use crate::error::ApiError;
use crate::request::RequestId;
use crate::service::ApiService;
use crate::voice::Voice;

/// Serves until `closing`, and then until what is in flight is answered.
pub(crate) async fn serve(listener: TcpListener, limits: Limits, service: ApiService, closing: Shutdown) {
    let layered = ServiceBuilder::new()
        .layer(compression::layer())
        .map_request(|request: Request<Incoming>| request.map(Body::new))
        .service(service.shared());
    server::serve(listener, limits, Arc::new(refusal), layered, closing).await;
}

/// What the server says by itself, to clients of any dialect: this voice has the fields that all look at.
fn refusal(status: StatusCode) -> Response<Vec<u8>> {
    let error = match status {
        StatusCode::SERVICE_UNAVAILABLE => {
            ApiError::Unavailable("there are too many connections, please retry".into())
        }
        StatusCode::URI_TOO_LONG => ApiError::LongAddress,
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => ApiError::LargeHead,
        _ => ApiError::NotHttp,
    };
    let id = RequestId::of(&HeaderMap::new());
    let mut response = Voice::Segment.refuse(error, &id);
    id.name(&mut response);
    response
}
