//! What clients in browsers and apps ask for before they send anything.

use axum::Json;
use axum::http::header::{CACHE_CONTROL, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::public_url::PublicUrl;
use super::take::query_key;
use crate::call::Call;
use crate::error::ApiError;
use crate::keys::Scope;

/// What a source is called, whosever it is: a page may learn nothing by asking.
const SOURCE: &str = "millrace";

/// Where Segment's clients are to send their events: here.
#[utoipa::path(
    get,
    path = "/v1/projects/{key}/settings",
    tag = "segment",
    params(("key" = String, Path, description = "The write key", example = "wk")),
    responses((status = 200, description = "The settings of a source", body = Object))
)]
pub(crate) async fn project(call: Call) -> Result<Response, ApiError> {
    let sent = call.segment("key")?;
    let Call { app, caller, headers, uri, .. } = call;
    app.auth.find(caller, &headers, std::iter::once(sent.clone().into_bytes()), Scope::Ingest)?;
    let url = match &app.config.public_url {
        Some(url) => url.clone(),
        None => PublicUrl::of_request(&uri, &headers)?,
    };
    // Without a key its events would bear none, without a host they would go to Segment, and without a rate its
    // counters would come after 30 s.
    Ok(settings(json!({
        "integrations": {
            "Segment.io": {
                "apiKey": sent,
                "apiHost": format!("{}/v1", url.host()),
                "protocol": url.protocol(),
            },
        },
        "metrics": {"sampleRate": 0},
    })))
}

/// What RudderStack's clients want to know of their source: that it is there, and has no destinations of its own.
#[utoipa::path(
    get,
    path = "/sourceConfig",
    tag = "segment",
    params(("writeKey" = Option<String>, Query, description = "The write key, if no header has it")),
    responses((status = 200, description = "The configuration of a source", body = Object))
)]
pub(crate) async fn source_config(call: Call) -> Result<Response, ApiError> {
    let Call { app, caller, headers, uri, .. } = call;
    app.auth.find(caller, &headers, query_key(&uri).into_iter(), Scope::Ingest)?;
    Ok(settings(json!({
        "source": {
            "id": SOURCE,
            "name": SOURCE,
            "workspaceId": SOURCE,
            "enabled": true,
            "config": {
                "statsCollection": {"errors": {"enabled": false}, "metrics": {"enabled": false}},
            },
            "destinations": [],
        },
    })))
}

/// Asked for anew each time: they name the host by which they were asked for.
fn settings(settings: Value) -> Response {
    ([(CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(settings)).into_response()
}
