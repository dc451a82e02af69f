//! Why a message could not be read in one go. Looked for step by step, so that a message of a format that
//! is not known yet, or a delete with data of any shape, is told from one that is broken.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{FORMAT, Message, MessageError, operation};
use crate::{Kind, Operation, Patch, Source, Tenant, Text};

#[derive(Deserialize)]
struct Format {
    v: u64,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Envelope<'a> {
    operation: Text<'a>,
    event_id: Text<'a>,
    tenant: Tenant,
    source: Option<Text<'a>>,
    timestamp: Text<'a>,
    data: Option<&'a RawValue>,
}

/// The operation after all, if what could not be read has no meaning for it.
pub(super) fn find<'a>(key: Option<&[u8]>, value: &'a [u8]) -> Result<Operation<'a>, MessageError> {
    // The format first: of a newer one nothing else can be known.
    let Format { v } = serde_json::from_slice(value)?;
    match v {
        0 => return Err(MessageError::Undecodable("message format 0".into())),
        FORMAT => {}
        newer => return Err(MessageError::NewerFormat(newer)),
    }
    let Envelope { operation: kind, event_id, tenant, source, timestamp, data } =
        serde_json::from_slice(value)?;
    // Only creates and updates have data.
    let data = data.filter(|_| matches!(&*kind, "create" | "update"));
    let data = data.map(|data| patch(data.get())).transpose();
    let (source, data) = match source.map(|word| known("source", &word, Source::parse)).transpose() {
        Ok(source) => (source, data),
        // Only a create's has a meaning.
        Err(unknown) if *kind == *"create" => (Some(Source::default()), Err(unknown)),
        Err(_) => (None, data),
    };
    let message = |data| Message { v, operation: kind, event_id, tenant, source, timestamp, data };
    match data {
        Ok(data) => operation(key, message(data)),
        // Whatever else is wrong comes first.
        Err(error) => operation(key, message(None)).and(Err(error)),
    }
}

#[derive(Deserialize)]
struct OfKind<'a> {
    #[serde(borrow)]
    kind: Option<Text<'a>>,
}

fn patch(data: &str) -> Result<Patch<'_>, MessageError> {
    serde_json::from_str(data).map_err(|error| {
        let word = serde_json::from_str(data).ok().and_then(|OfKind { kind }| kind);
        let unknown = word.and_then(|word| known("kind", &word, Kind::parse).err());
        unknown.unwrap_or_else(|| error.into())
    })
}

fn known<T>(field: &'static str, word: &str, parse: fn(&str) -> Option<T>) -> Result<T, MessageError> {
    parse(word).ok_or_else(|| MessageError::UnknownWord { field, word: word.chars().take(64).collect() })
}
