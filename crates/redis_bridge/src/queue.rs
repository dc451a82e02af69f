//! Messages between a subscription and the topic, bounded by bytes.
//!
//! A publisher can't be slowed down, and Redis cuts off who doesn't read. So the connection is always read, and what
//! does not fit is dropped and counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use redis::{PushInfo, PushKind, Value};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::Metrics;
use crate::message::Message;
use crate::metrics::Fate;

/// A queue that holds so many bytes, those of messages that were taken out and are still there included.
pub(crate) fn queue(most: usize, metrics: Metrics) -> (Inlet, Outlet) {
    let held = Arc::<AtomicUsize>::default();
    // Bounded by what is held.
    let (sender, receiver) = unbounded_channel();
    (Inlet { sender, held: Arc::clone(&held), most, metrics }, Outlet { receiver, held })
}

/// Where messages go in. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Inlet {
    sender: UnboundedSender<Message>,
    held: Arc<AtomicUsize>,
    most: usize,
    metrics: Metrics,
}

impl Inlet {
    /// Puts in what a subscription was sent, if it is a message. Never waits.
    pub(crate) fn push(&self, PushInfo { kind, data }: PushInfo) {
        if let Some(message) = message(&kind, data) {
            self.put(message);
        }
    }

    fn put(&self, message: Message) {
        let bytes = message.bytes();
        let held = self.held.fetch_add(bytes, Ordering::Relaxed);
        // The other end has gone only when the process ends.
        if held + bytes > self.most || self.sender.send(message).is_err() {
            self.held.fetch_sub(bytes, Ordering::Relaxed);
            self.metrics.count(Fate::dropped, 1);
        }
    }
}

/// `pmessage` has the pattern, the channel and the payload.
fn message(kind: &PushKind, data: Vec<Value>) -> Option<Message> {
    if *kind != PushKind::PMessage {
        return None;
    }
    let mut data = data.into_iter().skip(1);
    let (channel, payload) = (text(data.next()?)?, text(data.next()?)?);
    Some(Message::published(channel, payload))
}

/// The bytes of a text, without a copy.
pub(crate) fn text(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Some(bytes),
        Value::SimpleString(text) => Some(text.into_bytes()),
        _ => None,
    }
}

/// Where messages come out.
pub(crate) struct Outlet {
    receiver: UnboundedReceiver<Message>,
    held: Arc<AtomicUsize>,
}

impl Outlet {
    /// How many messages wait.
    pub(crate) fn len(&self) -> usize {
        self.receiver.len()
    }

    /// Whether none wait.
    pub(crate) fn is_empty(&self) -> bool {
        self.receiver.is_empty()
    }

    /// Takes out the messages that are there, at least one and at most so many. `None` when there will be no more.
    pub(crate) async fn next(&mut self, most: usize) -> Option<Taken> {
        let mut messages = Vec::with_capacity(most.min(self.receiver.len().max(1)));
        let count = self.receiver.recv_many(&mut messages, most).await;
        (count > 0).then(|| Taken { messages, held: Arc::clone(&self.held) })
    }
}

/// Messages that were taken out. They give their room back when they are dropped.
pub(crate) struct Taken {
    pub(crate) messages: Vec<Message>,
    held: Arc<AtomicUsize>,
}

impl Drop for Taken {
    fn drop(&mut self) {
        let bytes = self.messages.iter().map(Message::bytes).sum();
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn published(channel: &str, payload: &str) -> PushInfo {
        let data = ["a*", channel, payload].map(|text| Value::BulkString(text.into()));
        PushInfo { kind: PushKind::PMessage, data: data.into() }
    }

    #[tokio::test]
    async fn what_does_not_fit_is_dropped_and_counted_until_there_is_room() {
        let metrics = Metrics::new(&mut runtime::metrics::registry());
        let bytes = Message::published(b"ab".to_vec(), b"1".to_vec()).bytes();
        let (inlet, mut outlet) = queue(2 * bytes, metrics.clone());
        inlet.push(PushInfo { kind: PushKind::PSubscribe, data: Vec::new() });
        for payload in ["1", "2", "3"] {
            inlet.push(published("ab", payload));
        }
        assert_eq!(metrics.dropped(), 1);
        let payloads = |messages: &[Message]| -> Vec<_> {
            messages.iter().map(|message| String::from_utf8(message.payload.clone()).unwrap()).collect()
        };
        let taken = outlet.next(9).await.unwrap();
        assert_eq!(payloads(&taken.messages), ["1", "2"]);
        // They still hold their room.
        inlet.push(published("ab", "4"));
        assert_eq!(metrics.dropped(), 2);
        drop(taken);
        inlet.push(published("ab", "5"));
        assert_eq!(payloads(&outlet.next(9).await.unwrap().messages), ["5"]);
        drop(inlet);
        assert!(outlet.next(9).await.is_none());
    }
}
