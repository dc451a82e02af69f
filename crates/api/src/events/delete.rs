//! One event is deleted.

use axum::http::StatusCode;
use model::{EventKey, Operation, Timestamp};

use super::Queued;
use super::standing::{Seen, look, seen};
use crate::app::App;
use crate::call::Call;
use crate::error::ApiError;
use crate::ingest::Item;
use crate::parameters::Waiting;
use crate::places::{Class, Place};
use crate::reply::Reply;
use crate::shapes::{Failure, Good};
use crate::wait::Wait;

/// Deletes an event for good.
#[utoipa::path(
    delete,
    path = "/event/{id}",
    tag = "events",
    params(("id" = String, Path, description = "The event's id"), Waiting),
    responses(
        (status = 200, description = "The event is gone", body = Good<Queued>),
        (status = 202, description = "The deletion is kept, and the event gone a moment later", body = Good<Queued>),
        (status = 404, description = "There is no such event", body = Failure),
    )
)]
pub(crate) async fn delete(call: Call) -> Result<Reply<Queued>, ApiError> {
    let (key, Waiting { wait }) = (call.key()?, call.parameters()?);
    let Call { app, place, .. } = call;
    let wait = app.waiter.begin(wait, &place);
    if !may_be_deleted(&app, &key, &place, wait.as_ref()).await? {
        return Err(ApiError::EventNotFound);
    }
    let Item { key, record } = Item::from(&Operation::Delete { key, at: Timestamp::now() });
    let written = app.send(record).await?;
    let reply = match seen(&app, &key, written, wait.as_ref()).await {
        Some(Seen::Deleted) => Reply::new(StatusCode::OK, "event deleted"),
        None | Some(Seen::Live { .. } | Seen::Absent) => {
            Reply::new(StatusCode::ACCEPTED, "event deletion queued")
        }
    };
    Ok(reply.with(Queued::at(&key, written)))
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
    app.places.exchange(place, Class::Read, &key.tenant)?;
    let Some(wait) = wait else {
        let seen = look(app, key).await?;
        app.places.exchange(place, Class::Ingest, &key.tenant)?;
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
