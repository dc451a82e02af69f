//! Many creates at once. What is wrong with one event costs only that event.

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use bus::{Record, Written};
use model::wire::native;
use model::{EventId, EventKey, Tenant};
use serde::Serialize;
use store::Standing;

use crate::app::{App, record};
use crate::envelope::Reply;
use crate::error::ApiError;
use crate::extract::{Params, TenantOf};
use crate::places::Place;
use crate::wait::Wait;

/// `data` of a batch: as many results as there were events, in their order.
#[derive(Serialize)]
struct Results {
    results: Vec<One>,
}

/// What became of one event.
#[derive(Serialize)]
#[serde(untagged)]
enum One {
    Taken {
        id: EventId,
    },
    Refused {
        /// Of an event that may have been kept or not: sent again with it, it is the same event.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<EventId>,
        error: String,
        code: &'static str,
    },
}

type Outcome = Result<(EventKey, Written), Refusal>;

/// Why an event was not taken in, and its id if that is not certain.
struct Refusal {
    id: Option<EventId>,
    error: ApiError,
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self { id: None, error }
    }
}

/// `POST /events`
pub(crate) async fn create_many(
    State(app): State<Arc<App>>,
    TenantOf(tenant): TenantOf,
    Extension(place): Extension<Place>,
    params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<Reply, ApiError> {
    let wait = params.wait()?;
    let body = app.bodies.read(&headers, body, app.config.max_batch_body_bytes).await?;
    let lines = headers.get(header::CONTENT_TYPE).is_some_and(|kind| {
        let kind = kind.as_bytes().to_ascii_lowercase();
        [&b"application/x-ndjson"[..], b"application/ndjson", b"application/jsonl"]
            .iter()
            .any(|lines| kind.starts_with(lines))
    });
    let (events, room) = body
        .parsed_apart({
            let app = Arc::clone(&app);
            move |bytes| read(&app, tenant, bytes, lines)
        })
        .await?;
    let mut outcomes = send(&app, events).await;
    drop(room);

    let unavailable = |outcome: &Outcome| matches!(outcome, Err(refusal) if refusal.id.is_some());
    let reply = if outcomes.iter().any(unavailable) {
        Reply::failed(ApiError::Unavailable("not all events could be taken in: see the results".into()))
    } else {
        let wait = app.waiter.begin(wait, &place);
        let seen = seen(&app, &mut outcomes, wait.as_ref()).await;
        if outcomes.iter().all(Result::is_err) {
            Reply::failed(ApiError::Invalid(
                "no event of the batch could be taken in: see the results".into(),
            ))
        } else if seen {
            Reply::new(StatusCode::CREATED, "events created")
        } else {
            Reply::new(StatusCode::ACCEPTED, "event creation queued")
        }
    };
    Ok(reply.with(&Results { results: outcomes.into_iter().map(One::from).collect() }))
}

/// The key of each event and the operation as it goes on the topic, or what is wrong with it.
fn read(
    app: &App,
    tenant: Tenant,
    bytes: &[u8],
    lines: bool,
) -> Result<Vec<Result<(EventKey, Record), ApiError>>, ApiError> {
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
    let intake = app.intake(tenant);
    let keyed = |event| {
        let operation = native::create(event, &intake)?;
        Ok((operation.key(), record(&operation)))
    };
    Ok(events.first.into_iter().map(keyed).collect())
}

/// Sends the good ones.
async fn send(app: &App, events: Vec<Result<(EventKey, Record), ApiError>>) -> Vec<Outcome> {
    let (mut records, mut outcomes) = (Vec::with_capacity(events.len()), Vec::with_capacity(events.len()));
    for event in events {
        outcomes.push(event.map(|(key, record)| {
            records.push(record);
            key
        }));
    }
    let mut sent = app.send_all(records).await.into_iter();
    let outcome = |outcome: Result<EventKey, ApiError>| {
        let key = outcome?;
        match sent.next().ok_or(ApiError::Internal)? {
            Ok(written) => Ok((key, written)),
            Err(error @ ApiError::Unavailable(_)) => Err(Refusal { id: Some(key.id), error }),
            Err(error) => Err(error.into()),
        }
    };
    outcomes.into_iter().map(outcome).collect()
}

/// Whether somebody waits, and all became visible in time. Then the outcomes of events that can't be
/// seen are errors.
async fn seen(app: &App, outcomes: &mut [Outcome], wait: Option<&Wait<'_>>) -> bool {
    let Some(wait) = wait else { return false };
    let writes: Vec<_> = outcomes.iter().flatten().map(|(_, written)| *written).collect();
    wait.visible(&writes).await && matches!(wait.in_time(look(app, outcomes)).await, Some(Ok(())))
}

async fn look(app: &App, outcomes: &mut [Outcome]) -> Result<(), ApiError> {
    let keys: Vec<_> = outcomes.iter().flatten().map(|(key, _)| key.clone()).collect();
    let found = app.store.standings(&keys).await?;
    for outcome in outcomes {
        let Ok((key, _)) = outcome else { continue };
        match found.get(key) {
            Some(Standing { is_deleted: false, .. }) => {}
            Some(_) => *outcome = Err(ApiError::Deleted.into()),
            None => *outcome = Err(ApiError::DeadLettered.into()),
        }
    }
    Ok(())
}

impl From<Outcome> for One {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Ok((key, _)) => Self::Taken { id: key.id },
            Err(Refusal { id, error }) => {
                Self::Refused { id, code: error.status_and_code().1, error: error.to_string() }
            }
        }
    }
}
