//! Messages of the EventService API are published: one, or a list of them.

use std::sync::Arc;

use model::wire::WireError;
use model::wire::event_service::{self, Limits};
use model::{Operation, Source};
use serde::Serialize;
use utoipa::ToSchema;

use super::shapes::{EventServiceBody, EventServiceGood};
use crate::app::App;
use crate::auth::Caller;
use crate::call::Call;
use crate::error::ApiError;
use crate::ingest::{self, Item, Outcome};
use crate::recent::Seen;
use crate::reply::Reply;
use crate::shapes::FlatFailure;

/// What became of what was published: of one message its `EventId`, of a list that and more of each.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Published {
    #[serde(rename_all = "camelCase")]
    One {
        #[serde(skip_serializing_if = "Option::is_none")]
        event_id: Option<String>,
    },
    List {
        results: Vec<PublishedMessage>,
    },
}

/// What became of a message of a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PublishedMessage {
    success: bool,
    /// Its `EventId` as sent, or the one that it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Topic is required")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "missing_field")]
    code: Option<&'static str>,
}

/// Takes one message in, or a list of them. What is wrong with one of a list costs only that one.
#[utoipa::path(
    post,
    path = "/api/v2.0/EventService",
    tag = "event service",
    request_body(content = EventServiceBody, description = "May be gzipped. It is read as JSON whatever its type"),
    responses(
        (status = 200, description = "It is kept; of a list some are", body = EventServiceGood),
        (status = 400, description = "It was refused; of a list all were", body = FlatFailure),
    )
)]
pub(crate) async fn publish(call: Call) -> Result<Reply<Published>, ApiError> {
    let Call { app, route, caller, place, headers, body, .. } = call;
    let body = app.bodies.read(&headers, body, app.config.max_batch_body_bytes).await?;
    let ((mut seen, brought), room) = body
        .parsed({
            let app = Arc::clone(&app);
            move |bytes, _| {
                let body = app.recent.beginning(caller.received_at, bytes);
                let seen = Seen::by(&caller, Source::EventService, route.name, body);
                Ok((seen, read(&app, &caller, bytes)))
            }
        })
        .await?;
    let Brought { is_list, event_ids, items } = match brought {
        Ok(brought) => brought,
        Err(error) => {
            seen.refuse(0, &error, None);
            app.recent.add(seen);
            return Err(error);
        }
    };
    let outcomes = ingest::many(&app, items, room, None, &place).await;
    for ((index, outcome), event_id) in outcomes.iter().enumerate().zip(&event_ids) {
        seen.count(index, outcome, event_id.clone().filter(|_| outcome.is_err()));
    }
    app.recent.add(seen);
    let error = ingest::failure(&outcomes, "results");
    let mut results: Vec<_> =
        event_ids.into_iter().zip(outcomes).map(|(id, outcome)| PublishedMessage::of(id, outcome)).collect();
    let data = match results.pop() {
        Some(PublishedMessage { event_id, .. }) if !is_list => Published::One { event_id },
        last => {
            results.extend(last);
            Published::List { results }
        }
    };
    Ok(Reply::of(error).with(data))
}

/// The messages of a body.
struct Brought {
    is_list: bool,
    /// As far as they say so.
    event_ids: Vec<Option<String>>,
    items: Vec<Result<Item, ApiError>>,
}

/// An error is one of the whole body.
fn read(app: &App, caller: &Caller, bytes: &[u8]) -> Result<Brought, ApiError> {
    let limits = Limits { max_events: app.config.max_batch_events };
    let sent = event_service::read(bytes, limits).map_err(|error| match error {
        WireError::TooManyEvents { .. } => ApiError::TooLarge(error.to_string()),
        error => error.into(),
    })?;
    let read = sent.operations(&app.intake(caller)).into_iter().map(|operation| match operation {
        Ok(operation) => (event_id(&operation), Ok(Item::from(&operation))),
        Err(refused) => (refused.event_id, Err(refused.error.into())),
    });
    let (event_ids, items) = read.unzip();
    Ok(Brought { is_list: sent.is_list(), event_ids, items })
}

fn event_id(operation: &Operation<'_>) -> Option<String> {
    match operation {
        Operation::Create(event) if !event.content.message_id.is_empty() => {
            Some(event.content.message_id.to_string())
        }
        _ => None,
    }
}

impl PublishedMessage {
    fn of(event_id: Option<String>, outcome: Outcome) -> Self {
        match outcome {
            Ok(taken) => Self {
                success: true,
                event_id: Some(event_id.unwrap_or_else(|| taken.key.id.to_string())),
                error: None,
                code: None,
            },
            Err(refusal) => {
                let (_, code) = refusal.error.status_and_code();
                Self { success: false, event_id, error: Some(refusal.error.to_string()), code: Some(code) }
            }
        }
    }
}
