//! The live tail: what is done to a tenant's events, sent to whoever watches while it is taken in.
//!
//! While somebody watches, one task (`reader`) follows the topic, decodes each message once, and puts those of watched
//! tenants into one buffer (`feed`, a `ring` bounded in bytes), in one order for all partitions. Each `watcher` is a
//! place in the buffer and pulls from it: one that stops reading holds nothing, and is told how much it missed.

mod feed;
mod frame;
pub(crate) mod handler;
mod numbers;
mod reader;
mod ring;
mod watcher;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bus::{Bus, Channels, Topic};
use model::Tenant;
use runtime::metrics::Registry;
use runtime::shutdown::Shutdown;
use store::Filters;
use tokio::time::timeout;

use crate::Config;
use crate::error::ApiError;
use feed::Feed;
use numbers::Numbers;
use ring::Place;
use watcher::Watcher;

/// How long a watcher waits for the reader to find where the topic ends.
const BEGIN_WITHIN: Duration = Duration::from_secs(5);

/// What is watched, and by whom.
pub(crate) struct Tail {
    bus: Bus,
    topic: Topic,
    buffer_bytes: usize,
    linger: Duration,
    numbers: Numbers,
    closing: Shutdown,
    /// Of the last reader, which may have ended.
    feed: Mutex<Option<Arc<Feed>>>,
}

impl Tail {
    pub(crate) fn new(
        channels: &Channels,
        config: &Config,
        registry: &mut Registry,
        closing: Shutdown,
    ) -> Self {
        Self {
            bus: channels.bus.clone(),
            topic: channels.events.clone(),
            buffer_bytes: config.tail_buffer_bytes,
            linger: Duration::from_millis(config.tail_linger_ms),
            numbers: Numbers::new(registry),
            closing,
            feed: Mutex::default(),
        }
    }

    /// Watches what is done to a tenant's events: all that is taken in after this returns, or what is behind a
    /// message that was seen before. The first one starts the reader.
    async fn watch(
        &self,
        tenant: Tenant,
        filters: Filters,
        after: Option<Place>,
    ) -> Result<Watcher, ApiError> {
        if self.closing.is_cancelled() {
            return Err(ApiError::unavailable("tails", "the API is ending"));
        }
        let watching = loop {
            // One whose reader is just ending takes nobody in.
            if let Some(watching) = self.feed().watch(&tenant) {
                break watching;
            }
        };
        match timeout(BEGIN_WITHIN, watching.begun()).await {
            Ok(true) => {
                Ok(Watcher::new(watching, filters, after, self.numbers.clone(), self.closing.clone()))
            }
            Ok(false) => Err(ApiError::unavailable("tails", "the topic can't be followed")),
            Err(_) => Err(ApiError::unavailable("tails", "the topic's end is not known yet")),
        }
    }

    /// That of the reader, which is started if there is none.
    fn feed(&self) -> Arc<Feed> {
        let mut current = self.feed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(feed) = current.as_ref().filter(|feed| !feed.has_ended()) {
            return Arc::clone(feed);
        }
        let feed = Arc::new(Feed::new(self.buffer_bytes, self.linger));
        let reader =
            reader::read(self.bus.clone(), self.topic.clone(), Arc::clone(&feed), self.numbers.clone());
        let closing = self.closing.clone();
        tokio::spawn(async move { closing.run_until_cancelled(reader).await });
        *current = Some(Arc::clone(&feed));
        feed
    }
}
