//! What stands in front of every handler, in one layer: the request's id, how many may be in flight, what
//! is left of the body, panics, and the shape of the answer.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::envelope::{self, RequestId};
use crate::error::ApiError;
use crate::leftover::Leftover;

/// A permit for each request in flight; `None` if any number may be.
pub(crate) type Places = Option<Arc<Semaphore>>;

/// Answers in the envelope, whatever happens behind.
pub(crate) async fn front(State(places): State<Places>, mut request: Request, next: Next) -> Response {
    let id = RequestId::of(&request);
    request.extensions_mut().insert(id.clone());
    let (request, leftover) = Leftover::of(request);
    let (mut response, place) = match places.map(Semaphore::try_acquire_owned).transpose() {
        Ok(place) => {
            let answered = AssertUnwindSafe(next.run(request)).catch_unwind().await;
            (answered.unwrap_or_else(|panic| panicked(&*panic)), place)
        }
        Err(_) => (busy().into_response(), None),
    };
    if let Some(leftover) = leftover {
        leftover.drain().await;
    }
    let is_whole = envelope::write(&mut response, &id);
    match place {
        Some(place) if !is_whole => response.map(|body| held(place, body)),
        _ => response,
    }
}

fn busy() -> ApiError {
    ApiError::Unavailable("too many requests are in flight, please retry".into())
}

/// An answer that is still being made is in flight until the last of it is written.
fn held(place: OwnedSemaphorePermit, body: Body) -> Body {
    Body::new(body.map_frame(move |frame| {
        let _held = &place;
        frame
    }))
}

fn panicked(panic: &(dyn Any + Send)) -> Response {
    let text =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or_default(), "a handler panicked");
    ApiError::Internal.into_response()
}
