//! Single writes: create, update, delete.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use bus::{Record, Written};
use model::wire::native;
use model::{AppliedKeys, EventId, EventKey, Operation, Position, Timestamp, Version};
use serde::Serialize;
use store::Standing;

use super::idempotency::Named;
use crate::app::{App, record};
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::extract::{KeyOf, Params, TenantOf};
use crate::places::{Class, Place};
use crate::wait::Wait;

/// `data` of a single write.
#[derive(Serialize)]
struct Queued {
    id: EventId,
    partition: i32,
    offset: i64,
}

/// `data` of a create that may have been kept or not: sent again with this id it is the same event.
#[derive(Serialize)]
struct Uncertain {
    id: EventId,
}

/// `POST /event`, found by the router.
pub(crate) async fn create_routed(
    State(app): State<Arc<App>>,
    Extension(place): Extension<Place>,
    request: Request,
) -> Result<Reply, ApiError> {
    create(&app, request, &place).await
}

/// `POST /event`
pub(crate) async fn create(app: &Arc<App>, request: Request, place: &Place) -> Result<Reply, ApiError> {
    let (parts, body) = request.into_parts();
    let TenantOf(tenant) = TenantOf::of(&parts.headers)?;
    let wait = Params::of(&parts.uri).wait()?;
    let body = app.bodies.read(&parts.headers, body, app.config.max_body_bytes).await?;
    let ((key, record), room) = body
        .parsed({
            let app = Arc::clone(app);
            move |bytes| Ok(keyed(&native::create(bytes, &app.intake(tenant))?))
        })
        .await?;
    let written = match app.send(record).await {
        Err(error @ ApiError::Unavailable(_)) => {
            return Ok(Reply::failed(error).with(&Uncertain { id: key.id }));
        }
        sent => sent?,
    };
    drop(room);
    let queued = Reply::new(StatusCode::ACCEPTED, "event creation queued");
    let reply = match seen(app, &key, written, app.waiter.begin(wait, place).as_ref()).await {
        None => queued,
        Some(Seen::Live { .. }) => Reply::new(StatusCode::CREATED, "event created"),
        Some(Seen::Deleted) => return Err(ApiError::Deleted),
        Some(Seen::Absent) => return Err(ApiError::DeadLettered),
    };
    Ok(reply.with(&Queued::new(&key, written)))
}

/// `PUT /event/{id}`
pub(crate) async fn update(
    State(app): State<Arc<App>>,
    KeyOf(key): KeyOf,
    Extension(place): Extension<Place>,
    params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<Reply, ApiError> {
    let wait = params.wait()?;
    let named = Named::of(&headers)?;
    if app.is_ahead(&key) {
        return Err(ApiError::EventNotFound);
    }
    let body = app.bodies.read(&headers, body, app.config.max_body_bytes).await?;
    let (((key, mut record), now), room) = body
        .parsed({
            let app = Arc::clone(&app);
            move |bytes| {
                let intake = app.intake(key.tenant.clone());
                Ok((keyed(&native::update(bytes, key, &intake)?), intake.now))
            }
        })
        .await?;
    named.put_on(&mut record);
    let written = app.send(record).await?;
    drop(room);
    let wait = app.waiter.begin(wait, &place);
    let reply = match seen(&app, &key, written, wait.as_ref()).await {
        None => Reply::new(StatusCode::ACCEPTED, "event update queued"),
        Some(Seen::Live { updated_at, version, applied }) => {
            // A repeat changes nothing, and is answered like the first.
            let done = named.stored().is_some_and(|key| applied.contains(key));
            if !done && updated_at != now && !reaches(&app, version, written, wait.as_ref()).await {
                return Err(ApiError::DeadLettered);
            }
            Reply::new(StatusCode::OK, "event updated")
        }
        Some(Seen::Deleted | Seen::Absent) => return Err(ApiError::EventNotFound),
    };
    Ok(reply.with(&Queued::new(&key, written)))
}

/// `DELETE /event/{id}`
pub(crate) async fn delete(
    State(app): State<Arc<App>>,
    KeyOf(key): KeyOf,
    Extension(place): Extension<Place>,
    params: Params,
) -> Result<Reply, ApiError> {
    let wait = app.waiter.begin(params.wait()?, &place);
    if !may_be_deleted(&app, &key, &place, wait.as_ref()).await? {
        return Err(ApiError::EventNotFound);
    }
    let (key, record) = keyed(&Operation::Delete { key, at: Timestamp::now() });
    let written = app.send(record).await?;
    let reply = match seen(&app, &key, written, wait.as_ref()).await {
        Some(Seen::Deleted) => Reply::new(StatusCode::OK, "event deleted"),
        None | Some(Seen::Live { .. } | Seen::Absent) => {
            Reply::new(StatusCode::ACCEPTED, "event deletion queued")
        }
    };
    Ok(reply.with(&Queued::new(&key, written)))
}

impl Queued {
    fn new(key: &EventKey, Written { partition, offset }: Written) -> Self {
        Self { id: key.id, partition, offset }
    }
}

/// The event an operation is done to, and the operation as it goes on the topic.
fn keyed(operation: &Operation<'_>) -> (EventKey, Record) {
    (operation.key(), record(operation))
}

/// What the table holds of an event.
enum Seen {
    Live { updated_at: Timestamp, version: Version, applied: AppliedKeys },
    Deleted,
    Absent,
}

/// What became of a write; `None` if nobody wants to wait, the time ran out, or the table can't be
/// asked: the write is kept all the same.
async fn seen(app: &App, key: &EventKey, written: Written, wait: Option<&Wait<'_>>) -> Option<Seen> {
    let wait = wait?;
    if !wait.visible(&[written]).await {
        return None;
    }
    wait.in_time(look(app, key)).await?.ok()
}

async fn look(app: &App, key: &EventKey) -> Result<Seen, ApiError> {
    let standings = app.store.standings(std::slice::from_ref(key)).await?;
    Ok(match standings.get(key) {
        Some(Standing { is_deleted: true, .. }) => Seen::Deleted,
        Some(Standing { version, updated_at, applied, .. }) => {
            Seen::Live { updated_at: *updated_at, version: *version, applied: applied.clone() }
        }
        None => Seen::Absent,
    })
}

/// Whether there may be something to delete. Each month that a delete names becomes a partition of the table, for
/// good, so one of a time that no event can be of goes no further, and where it can't be on its way the event
/// has to be in the table.
async fn may_be_deleted(
    app: &App,
    key: &EventKey,
    place: &Place,
    wait: Option<&Wait<'_>>,
) -> Result<bool, ApiError> {
    if app.is_ahead(key) {
        return Ok(false);
    }
    if app.is_outdated(key) {
        return is_there(app, key, place, wait).await;
    }
    match wait {
        Some(wait) => may_be_there(app, key, wait).await,
        None => Ok(true),
    }
}

/// Whether the event is in the table. Meanwhile the request is a read: while the table is away it takes no place
/// from writes.
async fn is_there(
    app: &App,
    key: &EventKey,
    place: &Place,
    wait: Option<&Wait<'_>>,
) -> Result<bool, ApiError> {
    app.places.exchange(place, Class::Read)?;
    let Some(wait) = wait else {
        let seen = look(app, key).await?;
        app.places.exchange(place, Class::Ingest)?;
        return Ok(matches!(seen, Seen::Live { .. }));
    };
    let seen = wait.in_time(look(app, key)).await;
    place.give_back();
    let seen = seen.ok_or_else(|| ApiError::unavailable("reads", "no answer within the time to wait"))?;
    Ok(matches!(seen?, Seen::Live { .. }))
}

/// Whether the event is in the table, or may be on its way into it, or it can't be known in time.
async fn may_be_there(app: &App, key: &EventKey, wait: &Wait<'_>) -> Result<bool, ApiError> {
    let asked = async {
        match look(app, key).await? {
            Seen::Live { .. } => Ok(true),
            Seen::Deleted => Ok(false),
            Seen::Absent => {
                // What was acknowledged before this was asked has to be in the table first.
                let arrived = wait.visible(app.newest(key).await?.as_slice()).await;
                Ok(!arrived || matches!(look(app, key).await?, Seen::Live { .. }))
            }
        }
    };
    wait.in_time(asked).await.unwrap_or(Ok(true))
}

/// Whether the last operation on a row is this write or a later one. An update that the table refused
/// has left the row as it was.
async fn reaches(
    app: &App,
    version: Version,
    Written { partition, offset }: Written,
    wait: Option<&Wait<'_>>,
) -> bool {
    let Some(wait) = wait else { return true };
    match wait.in_time(app.positions.append_time(partition, offset)).await {
        Some(Ok(Some(at))) => Position::at(at, offset).is_ok_and(|position| version.position() >= position),
        // It can't be known: the write is kept all the same.
        Some(Ok(None) | Err(_)) | None => true,
    }
}
