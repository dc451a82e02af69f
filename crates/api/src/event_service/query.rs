//! Messages of the EventService API are found again: those that match what a body asks for, page by page.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use model::wire::event_service::{Query, Returned};
use model::{Event, Timestamp};
use serde::Deserialize;
use store::queries::Matches;
use store::{Filters, Range, Reading, Scope, StoreError, Zone};
use utoipa::IntoParams;

use super::shapes::{EventServiceFound, EventServiceQuery};
use crate::auth::Caller;
use crate::call::Call;
use crate::error::ApiError;
use crate::parameters;
use crate::shapes::FlatFailure;
use crate::streamed::{self, Listing};

const NARROW: &str = "ask for a shorter time from Start to End";

/// Which page is wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Paging {
    /// The most events of an answer.
    #[serde(deserialize_with = "parameters::short_limit")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: u16,
    /// How many of the newest are passed over.
    #[serde(deserialize_with = "parameters::offset")]
    #[param(minimum = 0, maximum = 1_000_000_000, default = 0)]
    offset: u32,
}

impl Default for Paging {
    fn default() -> Self {
        Self { limit: 100, offset: 0 }
    }
}

/// The events that match all that is asked, newest first; those of one millisecond by their ids.
#[utoipa::path(
    post,
    path = "/api/v2.0/QueryService/Events",
    tag = "event service",
    params(Paging),
    request_body(content = EventServiceQuery, description = "What is asked. It is read as JSON whatever its type"),
    responses(
        (status = 200, description = "A page of them", body = Vec<EventServiceFound>),
        (status = 204, description = "There is none, or none any more"),
        (status = 400, description = "It can't be asked; the message names the field", body = FlatFailure),
    )
)]
pub(crate) async fn events(call: Call) -> Result<Response, ApiError> {
    let Paging { limit, offset } = call.parameters()?;
    let Call { app, caller: Caller { tenant, request_id, .. }, place, headers, body, .. } = call;
    let body = app.bodies.read(&headers, body, app.config.max_body_bytes).await?;
    let (query, room) = body.parsed(|bytes, _| Ok(Query::read(bytes)?)).await?;
    drop(room);
    let Some(range) = range(&query) else { return Ok(StatusCode::NO_CONTENT.into_response()) };
    let scope = Scope {
        tenant: &tenant,
        range,
        zone: &Zone::UTC,
        filters: &Filters::NONE,
        limits: app.store.limits(),
        reading: Reading::Raw,
        query_id: Some(request_id.as_str()),
    };
    let question = |error| ApiError::question(error, NARROW);
    let mut matches = app.store.event_service(&scope, query, limit.into(), offset.into())?;
    let Some(first) = matches.next().await.map_err(question)? else {
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    streamed::answer(Found { first: Some(first), matches }, &place, request_id).await.map_err(question)
}

/// The array of what is found; there is at least one.
struct Found {
    first: Option<Event<'static>>,
    matches: Matches,
}

impl Listing for Found {
    type Item = Event<'static>;

    fn head(&self) -> &'static [u8] {
        b"["
    }

    async fn next(&mut self) -> Result<Option<Event<'static>>, StoreError> {
        match self.first.take() {
            None => self.matches.next().await,
            first => Ok(first),
        }
    }

    fn write(&self, event: &Event<'static>, chunk: &mut Vec<u8>) {
        serde_json::to_writer(chunk, &Returned::new(event)).unwrap_or_default();
    }

    fn tail(&self, chunk: &mut Vec<u8>) {
        chunk.push(b']');
    }
}

/// The times that are asked about, also those to come: a laboratory's clock may be ahead of ours. `None` if they
/// are empty.
fn range(query: &Query) -> Option<Range> {
    let end = query.end.unwrap_or(Timestamp::MAX);
    Range::new(query.start.unwrap_or_default(), end, end).ok()
}
