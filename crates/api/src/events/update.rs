//! One event is changed.

use std::sync::Arc;

use axum::http::StatusCode;
use bus::Written;
use model::wire::native;
use model::{Position, Version};

use super::Queued;
use super::idempotency::Named;
use super::standing::{Seen, seen};
use crate::app::App;
use crate::call::Call;
use crate::error::ApiError;
use crate::ingest::Item;
use crate::parameters::Waiting;
use crate::reply::Reply;
use crate::shapes::{Failure, Good, SentChange};
use crate::wait::Wait;

/// Changes the fields of an event that are sent.
#[utoipa::path(
    put,
    path = "/event/{id}",
    tag = "events",
    params(
        ("id" = String, Path, description = "The event's id"),
        Waiting,
        ("Idempotency-Key" = Option<String>, Header, description = "A change that is sent again with it is done once"),
    ),
    request_body(content = SentChange, description = "May be gzipped"),
    responses(
        (status = 200, description = "The change is visible", body = Good<Queued>),
        (status = 202, description = "The change is kept, and visible a moment later", body = Good<Queued>),
        (status = 404, description = "There is no such event", body = Failure),
        (status = 422, description = "The change was taken in but could not be stored", body = Failure),
    )
)]
pub(crate) async fn update(call: Call) -> Result<Reply<Queued>, ApiError> {
    let (key, Waiting { wait }) = (call.key()?, call.parameters()?);
    let Call { app, caller, place, headers, body, .. } = call;
    let named = Named::of(&headers)?;
    if app.is_ahead(&key) {
        return Err(ApiError::EventNotFound);
    }
    let (now, body) = (caller.received_at, app.bodies.read(&headers, body, app.config.max_body_bytes).await?);
    let (Item { key, mut record }, room) = body
        .parsed({
            let app = Arc::clone(&app);
            move |bytes, _| Ok(Item::from(&native::update(bytes, key, &app.intake(&caller))?))
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
    Ok(reply.with(Queued::at(&key, written)))
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
