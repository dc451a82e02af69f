//! One event by its id.

use std::sync::Arc;

use axum::extract::State;
use model::State as Found;
use model::wire::native::Returned;

use crate::app::App;
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::extract::KeyOf;

/// `GET /event/{id}`
pub(crate) async fn by_id(State(app): State<Arc<App>>, KeyOf(key): KeyOf) -> Result<Reply, ApiError> {
    match app.store.event(&key).await?.map(|stored| stored.state) {
        Some(Found::Live(event)) => Ok(Reply::ok(&Returned::new(&event, true))),
        Some(Found::Deleted { .. }) | None => Err(ApiError::EventNotFound),
    }
}
