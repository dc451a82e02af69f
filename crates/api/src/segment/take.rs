//! Events of Segment's dialect: one, a batch, a semantic one.

use std::sync::Arc;

use axum::http::{HeaderMap, Uri};
use model::wire::segment::{self, Form, Limits, Sent};
use model::wire::{Intake, WireError};
use model::{Kind, Source};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Caller;
use crate::budget::Room;
use crate::call::Call;
use crate::error::ApiError;
use crate::ingest::{self, Item};
use crate::keys::Scope;
use crate::recent::{Refused, Seen};
use crate::reply::Reply;
use crate::shapes::{FlatFailure, SegmentBatch, SegmentEvent, SegmentGood, SemanticEvent};

/// How clients mark a request that they send again: with a number above 0.
const TRIES: [&str; 2] = ["x-retry-count", "rsa-retry-attempt"];

/// What was not taken in of a request.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Rest {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rejected: Vec<Rejected>,
}

/// An event that was not taken in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rejected {
    /// Its place in the batch.
    index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    #[schema(example = "missing_field")]
    code: &'static str,
    #[schema(example = "event is required")]
    message: String,
}

/// Takes one event in. Its kind is that of the route.
#[utoipa::path(
    post,
    path = "/v1/track",
    tag = "segment",
    request_body(content = SegmentEvent, description = "May be gzipped. It is read as JSON whatever its type"),
    responses(
        (status = 200, description = "It is kept", body = SegmentGood),
        (status = 400, description = "It was refused", body = FlatFailure),
    )
)]
pub(crate) async fn single(call: Call, kind: Kind) -> Result<Reply<Rest>, ApiError> {
    take(call, Form::Single(kind)).await
}

/// Takes many events in. What is wrong with one costs only that one.
#[utoipa::path(
    post,
    path = "/v1/batch",
    tag = "segment",
    request_body(content = SegmentBatch, description = "May be gzipped. It is read as JSON whatever its type"),
    responses(
        (status = 200, description = "All are kept but those that are listed", body = SegmentGood),
        (status = 400, description = "None is kept", body = FlatFailure),
    )
)]
pub(crate) async fn batch(call: Call) -> Result<Reply<Rest>, ApiError> {
    take(call, Form::Batch).await
}

/// Takes in one event of the typed clients, whose names are in camel or snake case.
#[utoipa::path(
    post,
    path = "/v1/event",
    tag = "segment",
    request_body(content = SemanticEvent, description = "May be gzipped. It is read as JSON whatever its type"),
    responses(
        (status = 200, description = "It is kept", body = SegmentGood),
        (status = 400, description = "It was refused", body = FlatFailure),
    )
)]
pub(crate) async fn semantic(call: Call) -> Result<Reply<Rest>, ApiError> {
    take(call, Form::Semantic).await
}

/// Does nothing with what clients count about themselves.
#[utoipa::path(
    post,
    path = "/v1/m",
    tag = "segment",
    responses((status = 200, description = "It is thrown away", body = SegmentGood))
)]
pub(crate) async fn metrics(_: Call) -> Reply<Rest> {
    Reply::ok(Rest::default())
}

/// Whose events a body brought, and which.
struct Brought {
    caller: Caller,
    /// An error is one of the whole body.
    items: Result<Vec<Result<Item, segment::Refused>>, WireError>,
    /// Its beginning, to be remembered.
    body: Option<String>,
}

async fn take(call: Call, form: Form) -> Result<Reply<Rest>, ApiError> {
    let Call { app, route, caller, place, headers, uri, body, .. } = call;
    let tries = |name: &&str| headers.get(*name)?.to_str().ok()?.parse::<u32>().ok();
    if TRIES.iter().filter_map(tries).any(|tries| tries > 0) {
        app.clients.retried(Source::Segment);
    }
    let body = app.bodies.read(&headers, body, app.config.max_batch_body_bytes).await?;
    let read = {
        let app = Arc::clone(&app);
        move |bytes: &[u8], room: &mut Room| read(&app, &caller, &headers, &uri, bytes, form, room)
    };
    let (brought, room) = match form {
        Form::Batch => body.parsed_apart(read).await?,
        Form::Single(_) | Form::Semantic => body.parsed(read).await?,
    };
    let Brought { caller, items, body } = brought;
    let mut seen = Seen::by(&caller, Source::Segment, route.name, body);
    let items = match items {
        Ok(items) => items,
        Err(error) => {
            let error = ApiError::from(error);
            seen.refuse(0, &error, None);
            app.recent.add(seen);
            return Err(error);
        }
    };
    let named = |item: &Result<_, segment::Refused>| item.as_ref().err()?.message_id.clone();
    let mut message_ids: Vec<_> = items.iter().map(named).collect();
    let items = items.into_iter().map(|item| item.map_err(|refused| refused.error.into())).collect();
    let outcomes = ingest::many(&app, items, room, None, &place).await;
    let error = ingest::failure(&outcomes, "rejected");
    for (index, outcome) in outcomes.iter().enumerate() {
        seen.count(index, outcome, message_ids.get_mut(index).and_then(Option::take));
    }
    let rejected = seen.refused.iter().map(Rejected::from).collect();
    app.recent.add(seen);
    Ok(Reply::of(error).with(Rest { rejected }))
}

/// Whose events a body brings, and which. A body that is no JSON is mended and read a second time.
fn read(
    app: &App,
    nobody: &Caller,
    headers: &HeaderMap,
    uri: &Uri,
    bytes: &[u8],
    form: Form,
    room: &mut Room,
) -> Result<Brought, ApiError> {
    let limits = Limits {
        max_event_bytes: app.config.segment_max_event_bytes,
        max_added_bytes: app.config.max_batch_body_bytes,
        max_events: app.config.max_batch_events,
    };
    let read = |text: &[u8], room: &mut Room| {
        let sent = segment::read(text, form, limits);
        let inside = sent.iter().flat_map(Sent::write_keys).map(|key| key.as_bytes().to_vec());
        let keys = query_key(uri).into_iter().chain(inside);
        let caller = app.auth.find(nobody.clone(), headers, keys, Scope::Ingest);
        let is_json = !matches!(sent, Err(WireError::InvalidJson(_)));
        let brought = caller.and_then(|caller| {
            app.bodies.add(room, sent.as_ref().map_or(0, Sent::added_bytes))?;
            let items = sent.map(|sent| items(sent, &app.intake(&caller)));
            Ok(Brought { items, caller, body: app.recent.beginning(nobody.received_at, bytes) })
        });
        (is_json, brought)
    };
    let (is_json, brought) = read(bytes, room);
    if is_json {
        return brought;
    }
    app.bodies.add(room, bytes.len())?;
    let mended = segment::mend(bytes);
    app.bodies.add(room, mended.bytes.len().saturating_sub(bytes.len()))?;
    if mended.count == 0 {
        return brought;
    }
    app.clients.mended(Source::Segment, mended.count);
    read(&mended.bytes, room).1
}

fn items(sent: Sent<'_>, intake: &Intake<'_>) -> Vec<Result<Item, segment::Refused>> {
    let item = |operation: Result<_, _>| operation.map(|operation| Item::from(&operation));
    sent.operations(intake).into_iter().map(item).collect()
}

/// The key in the query. It is not logged.
pub(super) fn query_key(uri: &Uri) -> Option<Vec<u8>> {
    let query = uri.query().unwrap_or_default();
    let mut parameters = form_urlencoded::parse(query.as_bytes());
    parameters.find(|(name, _)| name == "writeKey").map(|(_, key)| key.into_owned().into_bytes())
}

impl From<&Refused> for Rejected {
    fn from(refused: &Refused) -> Self {
        let Refused { index, message_id, code, message } = refused.clone();
        Self { index, message_id, code, message }
    }
}
