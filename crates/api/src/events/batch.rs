//! Many creates at once. What is wrong with one event costs only that event.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, header};
use model::wire::native;
use model::{EventId, Source};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Caller;
use crate::call::Call;
use crate::error::ApiError;
use crate::ingest::{self, Item, Outcome, Refusal};
use crate::parameters::Waiting;
use crate::recent::Seen;
use crate::reply::Reply;
use crate::shapes::{EventList, Good};

/// `data` of a batch: as many results as there were events, in their order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Results {
    results: Vec<One>,
}

/// What became of one event.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum One {
    Taken {
        #[schema(value_type = String)]
        id: EventId,
    },
    Refused {
        /// Of an event that may have been kept or not: sent again with it, it is the same event.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        id: Option<EventId>,
        error: String,
        code: &'static str,
    },
}

/// Takes many events in. What is wrong with one costs only that one.
#[utoipa::path(
    post,
    path = "/events",
    tag = "events",
    params(Waiting),
    request_body(
        content((EventList = "application/json"), (String = "application/x-ndjson")),
        description = "May be gzipped. A list of events alone does as well"
    ),
    responses(
        (status = 201, description = "All that could be stored are visible", body = Good<Results>),
        (status = 202, description = "They are kept, and visible a moment later", body = Good<Results>),
    )
)]
pub(crate) async fn create_many(call: Call) -> Result<Reply<Results>, ApiError> {
    let Waiting { wait } = call.parameters()?;
    let Call { app, route, caller, place, headers, body, .. } = call;
    let lines = is_lines(&headers);
    let body = app.bodies.read(&headers, body, app.config.max_batch_body_bytes).await?;
    let ((mut seen, items), room) = body
        .parsed_apart({
            let app = Arc::clone(&app);
            move |bytes, _| {
                let body = app.recent.beginning(caller.received_at, bytes);
                let seen = Seen::by(&caller, Source::Native, route.name, body);
                Ok((seen, read(&app, &caller, bytes, lines)))
            }
        })
        .await?;
    let outcomes = match items {
        Ok(items) => ingest::many(&app, items, room, wait, &place).await,
        Err(error) => {
            seen.refuse(0, &error, None);
            app.recent.add(seen);
            return Err(error);
        }
    };
    for (index, outcome) in outcomes.iter().enumerate() {
        seen.count(index, outcome, None);
    }
    app.recent.add(seen);
    let reply = if outcomes.iter().any(ingest::is_uncertain) {
        Reply::failed(ApiError::Unavailable("not all events could be taken in: see the results".into()))
    } else if outcomes.iter().all(Result::is_err) {
        Reply::failed(ApiError::Invalid("no event of the batch could be taken in: see the results".into()))
    } else if outcomes.iter().flatten().all(|taken| taken.visible) {
        Reply::new(StatusCode::CREATED, "events created")
    } else {
        Reply::new(StatusCode::ACCEPTED, "event creation queued")
    };
    Ok(reply.with(Results { results: outcomes.into_iter().map(One::from).collect() }))
}

/// Whether the body is an event a line.
fn is_lines(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| {
        let kind = kind.as_bytes().to_ascii_lowercase();
        [&b"application/x-ndjson"[..], b"application/ndjson", b"application/jsonl"]
            .iter()
            .any(|lines| kind.starts_with(lines))
    })
}

/// Each event as it goes on the topic, or what is wrong with it.
fn read(
    app: &App,
    caller: &Caller,
    bytes: &[u8],
    lines: bool,
) -> Result<Vec<Result<Item, ApiError>>, ApiError> {
    let most = app.config.max_batch_events;
    let events = native::split(bytes, lines, most)?;
    if events.count == 0 {
        return Err(ApiError::Invalid("events must hold at least one event".into()));
    }
    if events.count > most {
        return Err(ApiError::TooLarge(format!(
            "a batch holds at most {most} events, this one has {}",
            events.count
        )));
    }
    let intake = app.intake(caller);
    let item = |event| Ok(Item::from(&native::create(event, &intake)?));
    Ok(events.first.into_iter().map(item).collect())
}

impl From<Outcome> for One {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Ok(taken) => Self::Taken { id: taken.key.id },
            Err(Refusal { id, error }) => {
                Self::Refused { id, code: error.status_and_code().1, error: error.to_string() }
            }
        }
    }
}
