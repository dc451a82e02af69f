//! The one reader of the topic, while somebody watches.

use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, BusError, Delivery, Follower, Signal, Topic};
use model::{Embedding, Operation, Patch, Position, message};
use runtime::retry;
use tokio::time::sleep;

use super::feed::{Feed, Phase};
use super::frame;
use super::numbers::Numbers;
use super::ring::{Message, Place};

/// What may wait between the log and the reader, in bytes.
const QUEUE_BYTES: usize = 4 << 20;

/// How often the reader looks whether somebody watches.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Messages at most between two times that watchers are told of more.
const AT_ONCE: usize = 256;

/// Reads from where the topic ends now until nobody watches.
pub(super) async fn read(bus: Bus, topic: Topic, feed: Arc<Feed>, numbers: Numbers) {
    let (_reading, _end) = (numbers.reading(), EndOnDrop(&feed));
    tokio::select! {
        () = follow(&bus, &topic, &feed) => {}
        () = unwatched(&feed) => {}
    }
}

/// Ends the feed, however the reader ends.
struct EndOnDrop<'a>(&'a Feed);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.enter(Phase::Ended);
    }
}

async fn unwatched(feed: &Feed) {
    while !feed.end_if_unwatched() {
        sleep(LOOK_EVERY).await;
    }
}

async fn follow(bus: &Bus, topic: &Topic, feed: &Feed) {
    let begin = || bus.follow(topic, QUEUE_BYTES);
    let mut follower = match retry::forever("following the topic", BusError::is_retryable, begin).await {
        Ok(follower) => follower,
        Err(error) => return tracing::error!(%error, "the topic can't be followed"),
    };
    feed.enter(Phase::Reading);
    while let Some(signal) = follower.next().await {
        take(feed, signal);
        take_waiting(feed, &mut follower);
        feed.tell();
    }
    tracing::warn!("following the topic has ended");
}

/// Takes what is there already.
fn take_waiting(feed: &Feed, follower: &mut Follower) {
    for _ in 1..AT_ONCE {
        let Some(signal) = follower.try_next() else { return };
        take(feed, signal);
    }
}

fn take(feed: &Feed, signal: Signal) {
    match signal {
        Signal::Delivery(delivery) => take_delivery(feed, &delivery),
        Signal::Gap { partition, missed } => {
            tracing::warn!(partition, missed, "records were removed before tails read them");
            feed.note_gap();
        }
        Signal::Trouble(reason) => tracing::warn!(reason, "trouble while following the topic"),
        // Of members of groups.
        Signal::Assigned(_) | Signal::Revoked(_) => {}
    }
}

/// Takes what is an operation of a tenant that is watched. The rest are dead letters, or nobody's business.
fn take_delivery(feed: &Feed, delivery: &Delivery) {
    let Delivery { partition, offset, append_ms, .. } = *delivery;
    if append_ms.is_none_or(|append_ms| Position::new(append_ms, offset).is_err()) {
        return;
    }
    let Ok(operation) = message::decode(delivery.key.as_deref(), &delivery.value) else { return };
    let tenant = operation.key().tenant;
    if !feed.wants(&tenant) {
        return;
    }
    let place = Place { partition, offset };
    let operation = without_vectors(operation);
    let frame = frame::of(&operation, place);
    // The frame says all that is kept.
    let bytes = size_of::<Message>() + size_of::<Patch<'_>>() + 2 * frame.len();
    feed.push(Message { place, tenant, number: 0, operation, frame, bytes });
}

/// As it is kept: its vectors are most of its bytes, and are neither sent nor filtered by.
fn without_vectors(operation: Operation<'_>) -> Operation<'static> {
    match operation {
        Operation::Create(mut event) => {
            event.content.input_embeddings = Embedding::default();
            event.content.output_embeddings = Embedding::default();
            Operation::Create(Box::new(event.into_owned()))
        }
        Operation::Update { key, at, mut patch } => {
            patch.input_embeddings = None;
            patch.output_embeddings = None;
            Operation::Update { key, at, patch: Box::new(patch.into_owned()) }
        }
        Operation::Delete { key, at } => Operation::Delete { key, at },
    }
}
