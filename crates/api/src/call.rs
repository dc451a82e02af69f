//! What a handler gets: the request, who makes it, and what has been made ready for it.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use futures_util::FutureExt;
use model::{EventId, EventKey};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::parameters;
use crate::places::Place;
use crate::request::{self, RequestId};
use crate::route::Route;

/// One request on its way to its handler.
pub(crate) struct Call {
    pub(crate) app: Arc<App>,
    pub(crate) route: &'static Route,
    /// Nobody in particular where the handler has to find the key.
    pub(crate) caller: Caller,
    pub(crate) place: Place,
    pub(crate) headers: HeaderMap,
    pub(crate) uri: Uri,
    pub(crate) body: Body,
    /// The variable segment of the path, percent-encoded.
    pub(crate) segment: Option<String>,
}

impl Call {
    /// The answer of its route's handler, also where that panics, which it may before it returns its future.
    pub(crate) async fn handled(self) -> Response {
        let (handler, voice, id) = (self.route.handler, self.route.voice, self.caller.request_id.clone());
        let handled = AssertUnwindSafe(async { handler(self).await }).catch_unwind();
        let answered = request::answering(id.clone(), handled).await;
        answered.unwrap_or_else(|panic| voice.refuse(panicked(&*panic, &id), &id))
    }

    /// The parameters of the query string.
    pub(crate) fn parameters<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        parameters::read(self.uri.query().unwrap_or_default())
    }

    /// The event that the path names. One that can't exist is not found, without a question to anyone.
    pub(crate) fn key(&self) -> Result<EventKey, ApiError> {
        let segment = self.segment("id").map_err(|_| ApiError::EventNotFound)?;
        let id = EventId::parse(&segment).map_err(|_| ApiError::EventNotFound)?;
        Ok(EventKey { tenant: self.caller.tenant.clone(), id })
    }

    /// The variable segment of the path; `name` is what the route calls it.
    pub(crate) fn segment(&self, name: &str) -> Result<String, ApiError> {
        let sent = self.segment.as_deref().unwrap_or_default();
        let text = percent_decode_str(sent).decode_utf8();
        text.map(Into::into).map_err(|_| ApiError::Invalid(format!("{name} must be UTF-8, percent-encoded")))
    }
}

fn panicked(panic: &(dyn Any + Send), id: &RequestId) -> ApiError {
    let text =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or_default(), request_id = id.as_str(), "a handler panicked");
    ApiError::Internal
}
