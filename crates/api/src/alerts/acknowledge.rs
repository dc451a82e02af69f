//! Somebody has seen an alert.

use model::Timestamp;
use store::{Alert, AlertState, Delivery, Outcome, Transition};
use uuid::Uuid;

use crate::call::Call;
use crate::error::ApiError;
use crate::reply::Reply;
use crate::shapes::Good;

/// Acknowledges an open alert. One that is acknowledged or resolved already stays as it is.
#[utoipa::path(
    post,
    path = "/alerts/{id}/ack",
    tag = "alerts",
    params(("id" = String, Path, description = "The id of the alert", format = "uuid")),
    responses(
        (status = 200, description = "The alert as it is now", body = Good<Alert>),
        (status = 404, description = "No such alert", body = crate::shapes::Failure),
    )
)]
pub(crate) async fn acknowledge(call: Call) -> Result<Reply<Alert>, ApiError> {
    let id = Uuid::try_parse(&call.segment("id")?).map_err(|_| ApiError::AlertNotFound)?;
    let (store, tenant) = (&call.app.store, &call.caller.tenant);
    let alert = store.alert(tenant, id).await?.ok_or(ApiError::AlertNotFound)?;
    let Some(fired) = alert.transitions.first().filter(|_| alert.state == AlertState::Open) else {
        return Ok(Reply::ok(alert));
    };
    let now = Timestamp::now();
    // Who was told that it fired is told of this.
    let is_told = fired.delivery.outcome != Outcome::None;
    let acknowledged = Transition {
        state: AlertState::Acknowledged,
        at: now,
        event: None,
        value: None,
        measured: None,
        message: String::new(),
        delivery: if is_told { Delivery::waiting(now) } else { Delivery::NONE },
        ..fired.clone()
    };
    store.add_transitions(std::slice::from_ref(&acknowledged)).await?;
    let transitions = [alert.transitions.clone(), vec![acknowledged]].concat();
    Ok(Reply::ok(Alert::of(transitions).unwrap_or(alert)))
}
