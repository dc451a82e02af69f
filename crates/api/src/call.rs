//! What a handler gets: the request, who makes it, and what has been made ready for it.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Uri};
use model::{EventId, EventKey};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::parameters;
use crate::places::Place;
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
