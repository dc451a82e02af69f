//! One event by its id.

use model::wire::native::Returned;
use model::{Event, State};
use serde::{Serialize, Serializer};

use crate::call::Call;
use crate::error::ApiError;
use crate::reply::Reply;
use crate::shapes::{Failure, Good, ReturnedEvent};

/// `data` of an event.
#[derive(Debug)]
pub(crate) struct Whole(Box<Event<'static>>);

impl Serialize for Whole {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Returned::new(&self.0, true).serialize(serializer)
    }
}

/// One event.
#[utoipa::path(
    get,
    path = "/event/{id}",
    tag = "events",
    params(("id" = String, Path, description = "The event's id")),
    responses(
        (status = 200, description = "The event", body = Good<ReturnedEvent>),
        (status = 404, description = "There is no such event", body = Failure),
    )
)]
pub(crate) async fn by_id(call: Call) -> Result<Reply<Whole>, ApiError> {
    match call.app.store.event(&call.key()?).await?.map(|stored| stored.state) {
        Some(State::Live(event)) => Ok(Reply::ok(Whole(event))),
        Some(State::Deleted { .. }) | None => Err(ApiError::EventNotFound),
    }
}
