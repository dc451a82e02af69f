//! What Redis answers about streams, taken apart without copies.

use std::sync::Arc;

use model::wire::redis::payload;
use redis::Value;

use crate::message::Message;
use crate::queue::text;

/// The entries of an `XREADGROUP`, by stream: a map, or nothing when none came in time.
pub(crate) fn streams(reply: Value) -> Vec<(Vec<u8>, Vec<Value>)> {
    let Value::Map(streams) = reply else { return Vec::new() };
    let read = streams.into_iter().filter_map(|(name, entries)| Some((text(name)?, list(entries)?)));
    read.collect()
}

/// What an `XAUTOCLAIM` answers.
#[derive(Debug, PartialEq)]
pub(crate) struct Claimed {
    /// Where to go on.
    pub(crate) next: Vec<u8>,
    /// The entries that are now ours.
    pub(crate) entries: Vec<Value>,
    /// How many pending entries are not in the stream any more. A Redis older than 7 does not say.
    pub(crate) removed: usize,
}

pub(crate) fn claimed(reply: Value) -> Option<Claimed> {
    let mut parts = list(reply)?.into_iter();
    let (next, entries) = (text(parts.next()?)?, list(parts.next()?)?);
    let removed = parts.next().and_then(list).map_or(0, |ids| ids.len());
    Some(Claimed { next, entries, removed })
}

/// The message of an entry: its id and its fields. Nothing of one that was deleted, which has no fields.
pub(crate) fn message(stream: &Arc<str>, entry: Value) -> Option<Message> {
    let mut parts = list(entry)?.into_iter();
    let (id, mut fields) = (text(parts.next()?)?, list(parts.next()?)?.into_iter());
    let fields = std::iter::from_fn(|| Some((text(fields.next()?)?, text(fields.next()?)?)));
    Some(Message::added(stream, id, payload(fields.collect())))
}

fn list(value: Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(list) => Some(list),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Place;

    fn bytes(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    fn entry(id: &str, fields: &[&str]) -> Value {
        Value::Array(vec![bytes(id), Value::Array(fields.iter().map(|field| bytes(field)).collect())])
    }

    #[test]
    fn entries_are_messages_and_deleted_ones_are_none() {
        let entries = Value::Array(vec![
            entry("1-0", &["event", "{}"]),
            Value::Array(vec![bytes("2-0"), Value::Nil]),
            entry("3-0", &["a", "b"]),
        ]);
        let read = streams(Value::Map(vec![(bytes("orders"), entries.clone())]));
        let [(name, read)] = read.as_slice() else { panic!("{read:?}") };
        assert_eq!(name, b"orders");
        let stream: Arc<str> = "orders".into();
        let messages: Vec<_> = read.iter().filter_map(|entry| message(&stream, entry.clone())).collect();
        let shown = messages.iter().map(|message| {
            let Place::Stream(stream, id) = &message.place else { panic!("{message:?}") };
            format!("{stream} {} {}", String::from_utf8_lossy(id), String::from_utf8_lossy(&message.payload))
        });
        assert_eq!(shown.collect::<Vec<_>>(), ["orders 1-0 {}", r#"orders 3-0 {"a":"b"}"#]);
        let reply = Value::Array(vec![bytes("4-0"), entries, Value::Array(vec![bytes("2-0")])]);
        let Claimed { next, entries, removed } = claimed(reply).unwrap();
        assert_eq!((next.as_slice(), entries.len(), removed), (b"4-0".as_slice(), 3, 1));
        assert!(streams(Value::Nil).is_empty() && claimed(Value::Nil).is_none());
    }
}
