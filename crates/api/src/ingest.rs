//! How events get in, whatever dialect they came in: onto the topic and, for whoever waits, into the table.

use std::time::Duration;

use bus::{Record, Written};
use model::{EventId, EventKey, Operation};
use store::Standing;

use crate::app::App;
use crate::budget::Room;
use crate::error::ApiError;
use crate::places::Place;

/// An operation as it goes on the topic, and the event it is done to.
pub(crate) struct Item {
    pub(crate) key: EventKey,
    pub(crate) record: Record,
}

impl From<&Operation<'_>> for Item {
    fn from(operation: &Operation<'_>) -> Self {
        Self { key: operation.key(), record: operation.into() }
    }
}

/// What became of one event.
pub(crate) type Outcome = Result<Taken, Refusal>;

/// An event that is kept.
pub(crate) struct Taken {
    pub(crate) key: EventKey,
    pub(crate) written: Written,
    /// Whether somebody waited and it became visible in time.
    pub(crate) visible: bool,
}

/// Why an event was not taken in.
pub(crate) struct Refusal {
    /// Of an event that may have been kept or not: sent again with it, it is the same event.
    pub(crate) id: Option<EventId>,
    pub(crate) error: ApiError,
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self { id: None, error }
    }
}

/// Takes one event in; `room` is given back once it is kept.
pub(crate) async fn one(
    app: &App,
    Item { key, record }: Item,
    room: Room,
    wait: Option<Duration>,
    place: &Place,
) -> Outcome {
    let sent = app.send(record).await;
    drop(room);
    let mut outcome = outcome(key, sent);
    settle(app, std::slice::from_mut(&mut outcome), wait, place).await;
    outcome
}

/// Takes many in, as many outcomes as items, in their order. If Kafka fails nothing is waited for: the caller has
/// to send again.
pub(crate) async fn many(
    app: &App,
    items: Vec<Result<Item, ApiError>>,
    room: Room,
    wait: Option<Duration>,
    place: &Place,
) -> Vec<Outcome> {
    let (mut records, mut keys) = (Vec::with_capacity(items.len()), Vec::with_capacity(items.len()));
    for item in items {
        keys.push(item.map(|Item { key, record }| {
            records.push(record);
            key
        }));
    }
    let mut sent = app.send_all(records).await.into_iter();
    drop(room);
    let taken =
        |key: Result<EventKey, ApiError>| outcome(key?, sent.next().unwrap_or(Err(ApiError::Internal)));
    let mut outcomes: Vec<_> = keys.into_iter().map(taken).collect();
    if !outcomes.iter().any(is_uncertain) {
        settle(app, &mut outcomes, wait, place).await;
    }
    outcomes
}

/// Whether the event may have been kept or not.
pub(crate) fn is_uncertain(outcome: &Outcome) -> bool {
    matches!(outcome, Err(Refusal { id: Some(_), .. }))
}

/// Why a request with many as a whole was not done: a client sends it again, or gives it up. `list` is the answer's
/// part that says what is the matter with each.
pub(crate) fn failure(outcomes: &[Outcome], list: &'static str) -> Option<ApiError> {
    if outcomes.iter().any(is_uncertain) {
        let again = "not all events could be taken in, please send them again";
        return Some(ApiError::Unavailable(again.into()));
    }
    match outcomes {
        [Err(Refusal { error, .. })] => Some(error.clone()),
        [] => None,
        _ if outcomes.iter().all(Result::is_err) => {
            Some(ApiError::Invalid(format!("no event of the batch could be taken in: see {list}")))
        }
        _ => None,
    }
}

fn outcome(key: EventKey, sent: Result<Written, ApiError>) -> Outcome {
    match sent {
        Ok(written) => Ok(Taken { key, written, visible: false }),
        Err(error @ ApiError::Unavailable(_)) => Err(Refusal { id: Some(key.id), error }),
        Err(error) => Err(error.into()),
    }
}

/// Waits until all can be seen, if somebody wants to. Then the outcomes of events that can't be seen are errors; if
/// the time ran out, or the table can't be asked, they are kept all the same.
async fn settle(app: &App, outcomes: &mut [Outcome], wait: Option<Duration>, place: &Place) {
    let Some(wait) = app.waiter.begin(wait, place) else { return };
    let writes: Vec<_> = outcomes.iter().flatten().map(|taken| taken.written).collect();
    if !wait.visible(&writes).await {
        return;
    }
    let keys: Vec<_> = outcomes.iter().flatten().map(|taken| taken.key.clone()).collect();
    let Some(Ok(found)) = wait.in_time(app.store.standings(&keys)).await else { return };
    for outcome in outcomes {
        let Ok(taken) = outcome else { continue };
        match found.get(&taken.key) {
            Some(Standing { is_deleted: false, .. }) => taken.visible = true,
            Some(_) => *outcome = Err(ApiError::Deleted.into()),
            None => *outcome = Err(ApiError::DeadLettered.into()),
        }
    }
}
