//! The life of a bridge: set-up that waits for what is away, then reading until the end.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use bus::{BusError, Channels, Producer};
use dead_letters::Writer;
use runtime::retry;
use runtime::shutdown::Shutdown;
use runtime::status::Status;
use tokio::task::JoinSet;

use crate::delivery::{BATCH, BATCHES, Delivery};
use crate::queue::{Outlet, queue};
use crate::streams::{self, Streams};
use crate::subscription::{self, Subscription};
use crate::tenants::Tenants;
use crate::{Config, Metrics, client};

/// What does not work until the topics are there.
const PART: &str = "bridge";

/// Reads until `shutdown`, then delivers what it has. Redis or Kafka being away is waited for, at the start and
/// later; an error is a set-up that someone has to change.
pub async fn run(
    config: Config,
    channels: Channels,
    status: Status,
    metrics: Metrics,
    shutdown: Shutdown,
) -> anyhow::Result<()> {
    config.check()?;
    let address = config.url.as_ref().context("REDIS_URL is missing")?;
    let client = client::client(address, config.ca_file.as_deref())?;
    let tenants = Tenants::parse(&config.tenants)?;
    status.trouble(PART, "waiting for Kafka");
    if !config.patterns().is_empty() {
        status.trouble(subscription::PART, "not subscribed yet");
    }
    if !config.streams().is_empty() {
        status.trouble(streams::PART, "not connected yet");
    }
    let (producer, letters) = tokio::select! {
        producers = set_up(&channels) => producers?,
        () = shutdown.cancelled() => return Ok(()),
    };
    status.fine(PART);
    let delivery = Arc::new(Delivery {
        producer,
        letters: Writer { producer: letters, topic: channels.events.name.clone(), status: status.clone() },
        tenants,
        max_event_age_days: config.max_event_age_days,
        status: status.clone(),
        metrics: metrics.clone(),
    });
    let stop = shutdown.child_token();
    let subscribed = hear(&config, &client, &delivery, &stop);
    let read = read(&config, &client, &delivery, &stop);
    // On the heap: they are large, and held by everybody who waits for them.
    let mut running = Box::pin(async { tokio::join!(subscribed, read) });
    let drained = async {
        stop.cancelled().await;
        tokio::time::sleep(Duration::from_millis(config.shutdown_timeout_ms)).await;
    };
    let outdated = tokio::select! {
        _ = &mut running => return Ok(()),
        outdated = channels.outdated() => Some(outdated),
        () = stop.cancelled() => None,
    };
    stop.cancel();
    tokio::select! {
        _ = running => {}
        () = drained => tracing::error!("not everything that was read could be put on the topic in time"),
    }
    outdated.map_or(Ok(()), |error| Err(error.into()))
}

/// Makes sure of the topics. Returns the producers of events and of dead letters.
async fn set_up(channels: &Channels) -> anyhow::Result<(Producer, Producer)> {
    let ensure = || channels.ensure_topics();
    retry::forever("setting up the topics", BusError::is_retryable, ensure).await?;
    let producer = |topic| channels.bus.producer(topic);
    Ok((producer(&channels.events)?, producer(&channels.dead_letters)?))
}

/// Delivers what is published until `stop`, and then what has been.
async fn hear(config: &Config, client: &redis::Client, delivery: &Arc<Delivery>, stop: &Shutdown) {
    if config.patterns().is_empty() {
        return;
    }
    let metrics = delivery.metrics.clone();
    let (inlet, outlet) = queue(config.queue_bytes, metrics.clone());
    let subscription = Subscription {
        client: client.clone(),
        config: config.clone(),
        inlet,
        status: delivery.status.clone(),
        metrics,
    };
    tokio::join!(subscription.run(stop), forward(outlet, delivery));
}

/// Delivers in batches, several at once, until the queue has ended.
async fn forward(mut outlet: Outlet, delivery: &Arc<Delivery>) {
    let mut batches = JoinSet::new();
    while let Some(taken) = outlet.next(BATCH).await {
        while batches.len() >= BATCHES {
            batches.join_next().await;
        }
        let delivery = Arc::clone(delivery);
        batches.spawn(async move {
            if let Err(error) = delivery.deliver(&taken.messages).await {
                tracing::error!(%error, messages = taken.messages.len(), "lost messages");
            }
        });
        while batches.try_join_next().is_some() {}
    }
    while batches.join_next().await.is_some() {}
}

async fn read(config: &Config, client: &redis::Client, delivery: &Arc<Delivery>, stop: &Shutdown) {
    if config.streams().is_empty() {
        return;
    }
    let host = || rustix::system::uname().nodename().to_string_lossy().into_owned();
    let streams = Streams {
        client: client.clone(),
        config: config.clone(),
        member: config.consumer.clone().unwrap_or_else(host),
        delivery: Arc::clone(delivery),
        status: delivery.status.clone(),
        metrics: delivery.metrics.clone(),
    };
    streams.run(stop).await;
}
