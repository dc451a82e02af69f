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
use crate::queue::{Inlet, Outlet, queue};
use crate::streams::{self, Streams};
use crate::subscription::{self, Subscription};
use crate::tenants::Tenants;
use crate::{Config, Metrics, client};

/// What does not work until the topics are there.
const PART: &str = "bridge";

/// Reads until `shutdown`, then delivers what it has. Redis or Kafka being away is waited for, at the start and
/// later; an error is a set-up that someone has to change. `status` is not ready from this call on until all works.
pub fn run(
    config: Config,
    channels: Channels,
    status: Status,
    metrics: Metrics,
    shutdown: Shutdown,
) -> impl Future<Output = anyhow::Result<()>> {
    status.trouble(PART, "waiting for Kafka");
    if !config.patterns().is_empty() {
        status.trouble(subscription::PART, "not subscribed yet");
    }
    if !config.streams().is_empty() {
        status.trouble(streams::PART, "not connected yet");
    }
    bridge(config, channels, status, metrics, shutdown)
}

async fn bridge(
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
    let stop = shutdown.child_token();
    let (inlet, outlet) = queue(config.queue_bytes, metrics.clone());
    // Before Kafka is there: what is published meanwhile is lost to who is not subscribed, and else waits in the queue.
    let heard = hear(&config, &client, inlet, &status, &metrics, &stop);
    let delivered = async {
        let (producer, letters) = tokio::select! {
            producers = set_up(&channels) => producers?,
            () = stop.cancelled() => {
                if !outlet.is_empty() {
                    tracing::error!(messages = outlet.len(), "lost messages, since Kafka never was there");
                }
                return anyhow::Ok(());
            }
        };
        status.fine(PART);
        let delivery = Arc::new(Delivery {
            producer,
            letters: Writer {
                producer: letters,
                topic: channels.events.name.clone(),
                status: status.clone(),
            },
            tenants,
            max_event_age_days: config.max_event_age_days,
            status: status.clone(),
            metrics: metrics.clone(),
        });
        tokio::join!(forward(outlet, &delivery), read(&config, &client, &delivery, &stop));
        Ok(())
    };
    // On the heap: they are large, and held by everybody who waits for them.
    let mut running = Box::pin(async {
        let heard = async {
            heard.await;
            anyhow::Ok(())
        };
        tokio::try_join!(heard, delivered).map(|_| ())
    });
    let drained = async {
        stop.cancelled().await;
        tokio::time::sleep(Duration::from_millis(config.shutdown_timeout_ms)).await;
    };
    let outdated = tokio::select! {
        ended = &mut running => return ended,
        outdated = channels.outdated() => Some(outdated),
        () = stop.cancelled() => None,
    };
    stop.cancel();
    let ended = tokio::select! {
        ended = running => ended,
        () = drained => {
            tracing::error!("not everything that was read could be put on the topic in time");
            Ok(())
        }
    };
    outdated.map_or(ended, |error| Err(error.into()))
}

/// Makes sure of the topics. Returns the producers of events and of dead letters.
async fn set_up(channels: &Channels) -> anyhow::Result<(Producer, Producer)> {
    let ensure = || channels.ensure_topics();
    retry::forever("setting up the topics", BusError::is_retryable, ensure).await?;
    let producer = |topic| channels.bus.producer(topic);
    Ok((producer(&channels.events)?, producer(&channels.dead_letters)?))
}

/// Puts what is published into the queue until `stop`.
async fn hear(
    config: &Config,
    client: &redis::Client,
    inlet: Inlet,
    status: &Status,
    metrics: &Metrics,
    stop: &Shutdown,
) {
    if config.patterns().is_empty() {
        return;
    }
    let (client, config) = (client.clone(), config.clone());
    let (status, metrics) = (status.clone(), metrics.clone());
    Subscription { client, config, inlet, status, metrics }.run(stop).await;
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
