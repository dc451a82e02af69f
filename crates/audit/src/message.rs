//! A record of the topic, read as plain JSON.

use std::collections::BTreeMap;

use bus::Delivery;
use model::{EventId, EventKey, Position, Tenant, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::columns::{FIELDS, Value};
use crate::operation::{Kind, Operation, hashed};

/// Each field that was sent.
pub(crate) type Fields = BTreeMap<&'static str, Value>;

/// An operation as the topic has it.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) kind: Kind,
    pub(crate) key: EventKey,
    pub(crate) source: String,
    /// In milliseconds since the Unix epoch.
    pub(crate) at: i64,
    pub(crate) fields: Fields,
    /// Of an update with a key: the first 8 bytes of the key's SHA-256, as the table has it.
    pub(crate) idempotency_key: Option<u64>,
}

#[derive(Deserialize)]
struct Sent {
    operation: String,
    event_id: String,
    tenant: String,
    source: Option<String>,
    timestamp: String,
    data: Option<BTreeMap<String, Box<RawValue>>>,
}

impl Message {
    /// `None` for what is no operation. Whether it is one is asked of the product; what it says is not.
    pub(crate) fn read(delivery: &Delivery) -> Option<Self> {
        Position::new(delivery.append_ms?, delivery.offset).ok()?;
        model::message::decode(delivery.key.as_deref(), &delivery.value).ok()?;
        let sent: Sent = serde_json::from_slice(&delivery.value).ok()?;
        let mut data = sent.data.unwrap_or_default();
        let fields = FIELDS.iter().filter_map(|(name, kind)| Some((*name, kind.keep(data.remove(*name)?))));
        Some(Self {
            kind: Kind::parse(&sent.operation)?,
            key: EventKey {
                tenant: Tenant::parse(&sent.tenant).ok()?,
                id: EventId::parse(&sent.event_id).ok()?,
            },
            source: sent.source.unwrap_or_default(),
            at: Timestamp::parse(&sent.timestamp)?.millis(),
            fields: fields.collect(),
            idempotency_key: idempotency_key(delivery),
        })
    }

    /// What a caller knows of it.
    pub(crate) fn operation(&self) -> Operation {
        let input = self.fields.get("input").and_then(Value::text);
        let large = self.fields.iter().find_map(|(name, value)| Some((*name, value.digest()?)));
        let idempotency_key = self.idempotency_key.filter(|_| self.kind == Kind::Update);
        Operation { large, idempotency_key, ..Operation::new(self.kind, self.key.clone(), input) }
    }
}

fn idempotency_key(delivery: &Delivery) -> Option<u64> {
    let (_, sent) = delivery.headers.iter().find(|(name, _)| name == "idempotency-key")?;
    (!sent.is_empty()).then(|| hashed(sent))
}
