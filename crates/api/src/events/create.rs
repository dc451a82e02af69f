//! One event is created.

use std::sync::Arc;

use axum::http::StatusCode;
use model::Source;
use model::wire::native;

use super::Queued;
use crate::call::Call;
use crate::error::ApiError;
use crate::ingest::{self, Item, Refusal};
use crate::parameters::Waiting;
use crate::recent::Seen;
use crate::reply::Reply;
use crate::shapes::{Failure, Good, SentEvent};

/// Takes an event in.
#[utoipa::path(
    post,
    path = "/event",
    tag = "events",
    params(Waiting),
    request_body(content = SentEvent, description = "May be gzipped. It is read as JSON whatever its type"),
    responses(
        (status = 201, description = "It is visible", body = Good<Queued>),
        (status = 202, description = "It is kept, and visible a moment later", body = Good<Queued>),
        (status = 409, description = "An event of this id was deleted", body = Failure),
        (status = 422, description = "It was taken in but could not be stored", body = Failure),
    )
)]
pub(crate) async fn create(call: Call) -> Result<Reply<Queued>, ApiError> {
    let Waiting { wait } = call.parameters()?;
    let Call { app, route, caller, place, headers, body, .. } = call;
    let body = app.bodies.read(&headers, body, app.config.max_body_bytes).await?;
    let ((mut seen, item), room) = body
        .parsed({
            let app = Arc::clone(&app);
            move |bytes, _| {
                let body = app.recent.beginning(caller.received_at, bytes);
                let item = native::create(bytes, &app.intake(&caller)).map(|event| Item::from(&event));
                Ok((Seen::by(&caller, Source::Native, route.name, body), item))
            }
        })
        .await?;
    let outcome = match item {
        Ok(item) => ingest::one(&app, item, room, wait, &place).await,
        Err(error) => Err(ApiError::from(error).into()),
    };
    seen.count(0, &outcome, None);
    app.recent.add(seen);
    match outcome {
        Ok(taken) => {
            let reply = if taken.visible {
                Reply::new(StatusCode::CREATED, "event created")
            } else {
                Reply::new(StatusCode::ACCEPTED, "event creation queued")
            };
            Ok(reply.with(Queued::at(&taken.key, taken.written)))
        }
        Err(Refusal { id: Some(id), error }) => Ok(Reply::failed(error).with(Queued::uncertain(id))),
        Err(Refusal { id: None, error }) => Err(error),
    }
}
