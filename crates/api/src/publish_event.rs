//! An event is published by Redis, so that whoever sets up a bridge sees whether it arrives.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use model::wire::{WireError, redis};
use model::{EventId, Operation, Tenant, Timestamp};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Caller;
use crate::call::Call;
use crate::error::ApiError;
use crate::reply::Reply;
use crate::shapes::{Failure, Good, SentEnvelope};

/// The type of an event that names none.
const EVENT_TYPE: &str = "test.event";

/// `data` of an event that was published.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PublishedEvent {
    #[schema(example = "events:order:created")]
    channel: String,
    /// How many subscriptions it went to; 0 if no bridge is there.
    receivers: u64,
    /// The envelope as it was published.
    #[schema(value_type = SentEnvelope)]
    event: Envelope,
}

/// Members as they are sent.
type Envelope = BTreeMap<String, Box<RawValue>>;

/// Publishes an event by Redis. What is missing is filled in: its id, type, tenant, time, data and metadata.
///
/// Only there with `ENABLE_TEST_ENDPOINTS=true` and `REDIS_URL`.
#[utoipa::path(
    post,
    path = "/test/publish-event",
    tag = "operation",
    request_body(content = SentEnvelope, description = "Any members of the base envelope"),
    responses(
        (status = 200, description = "Redis has taken it", body = Good<PublishedEvent>),
        (status = 404, description = "Publishing is not enabled", body = Failure),
    )
)]
pub(crate) async fn publish(call: Call) -> Result<Reply<PublishedEvent>, ApiError> {
    let Call { app, caller, headers, body, .. } = call;
    let publisher = app.publisher.as_ref().ok_or(ApiError::NoRoute)?;
    let body = app.bodies.read(&headers, body, app.config.max_body_bytes).await?;
    let (tenant, now) = (caller.tenant.clone(), caller.received_at);
    let (envelope, _room) = body.parsed(move |bytes, _| Ok(filled(bytes, &tenant, now)?)).await?;
    let message = serde_json::to_vec(&envelope).unwrap_or_default();
    let channel = channel(&app, &caller, &message)?;
    let sent = publisher.publish(&channel, &message).await;
    let receivers = sent.map_err(|error| ApiError::unavailable("test events", error))?;
    let published = PublishedEvent { channel, receivers, event: envelope };
    Ok(Reply::new(StatusCode::OK, "event published").with(published))
}

/// The envelope with all that it needs.
fn filled(bytes: &[u8], tenant: &Tenant, now: Timestamp) -> Result<Envelope, WireError> {
    let invalid = |error: serde_json::Error| WireError::InvalidJson(error.to_string());
    let mut envelope: Envelope = serde_json::from_slice(bytes).map_err(invalid)?;
    let raw = |text: &str| to_raw_value(text).map_err(invalid);
    let object = || to_raw_value(&Envelope::new()).map_err(invalid);
    // What a domain event calls otherwise is not missing.
    let fields: [(&str, &[&str], Box<RawValue>); 6] = [
        ("event_id", &["id"], raw(&EventId::new(now).to_string())?),
        ("event_type", &[], raw(EVENT_TYPE)?),
        ("tenant_id", &[], raw(tenant.as_str())?),
        ("timestamp", &["occurred_at", "recorded_at"], raw(&now.to_string())?),
        ("data", &[], object()?),
        ("metadata", &[], object()?),
    ];
    for (name, others, value) in fields {
        let is_there = |name: &str| envelope.get(name).is_some_and(|sent| sent.get() != "null");
        if !is_there(name) && !others.iter().any(|other| is_there(other)) {
            envelope.insert(name.to_owned(), value);
        }
    }
    Ok(envelope)
}

/// Where the event is published. Refuses one that a bridge could not read, or of a tenant that is not the key's.
fn channel(app: &App, caller: &Caller, message: &[u8]) -> Result<String, ApiError> {
    let Operation::Create(event) = redis::decode(message, caller.received_at, &app.intake(caller))? else {
        return Err(ApiError::Internal);
    };
    if app.auth.has_keys() && event.tenant != caller.tenant {
        return Err(ApiError::Forbidden("the key is for another tenant"));
    }
    Ok(redis::channel(&event.content.event_name))
}
