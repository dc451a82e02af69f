//! One subscription to all patterns, made again whenever it ends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{Client, PushInfo, PushKind, RedisError, RedisResult};
use runtime::retry;
use runtime::shutdown::Shutdown;
use runtime::status::Status;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::client::connect_listening;
use crate::downtime::Downtime;
use crate::queue::Inlet;
use crate::{Config, Metrics};

/// What does not work while it is not subscribed.
pub(crate) const PART: &str = "subscription";
/// How long Redis may take to end a subscription.
const LEAVE_WITHIN: Duration = Duration::from_secs(2);

pub(crate) struct Subscription {
    pub(crate) client: Client,
    pub(crate) config: Config,
    pub(crate) inlet: Inlet,
    pub(crate) status: Status,
    pub(crate) metrics: Metrics,
}

/// A connection that is subscribed, and how it is known that it ended.
struct Subscribed {
    connection: MultiplexedConnection,
    closed: Arc<Notify>,
}

/// Why a subscription is given up, and since when nothing may have been heard by it.
struct Lost {
    reason: String,
    since: Instant,
}

impl Subscription {
    /// Hears until `shutdown`. What was published before that is in the queue when this returns.
    pub(crate) async fn run(self, shutdown: &Shutdown) {
        let mut downtime = Downtime::since(Instant::now(), &self.metrics);
        loop {
            let subscribed = tokio::select! {
                subscribed = self.subscribe(downtime) => subscribed,
                () = shutdown.cancelled() => return,
            };
            let Ok(mut subscribed) = subscribed else { return };
            tracing::info!(patterns = self.config.patterns, "subscribed");
            let lost = tokio::select! {
                lost = self.watch(&mut subscribed) => lost,
                () = shutdown.cancelled() => {
                    self.status.trouble(PART, "ending");
                    return self.leave(subscribed).await;
                }
            };
            tracing::warn!(reason = lost.reason, "the subscription is lost");
            self.status.trouble(PART, lost.reason);
            self.metrics.reconnects.inc();
            downtime = Downtime::since(lost.since, &self.metrics);
        }
    }

    /// Tries until it is subscribed to all patterns, and counts the time that this takes.
    async fn subscribe(&self, downtime: Downtime<'_>) -> RedisResult<Subscribed> {
        let attempt = async |mut downtime| {
            let outcome = self.attempt().await;
            Downtime::count(&mut downtime);
            (downtime, outcome)
        };
        let is_retryable = |_: &RedisError| true;
        retry::watched_with(&self.status, PART, "subscribing", is_retryable, downtime, attempt).await.1
    }

    async fn attempt(&self) -> RedisResult<Subscribed> {
        let (inlet, closed) = (self.inlet.clone(), Arc::new(Notify::new()));
        let at_end = Arc::clone(&closed);
        let listener = move |push: PushInfo| -> Result<(), ()> {
            if push.kind == PushKind::Disconnection {
                at_end.notify_one();
            } else {
                inlet.push(push);
            }
            Ok(())
        };
        let mut connection = connect_listening(&self.client, self.config.silence(), listener).await?;
        connection.psubscribe(self.config.patterns()).await?;
        Ok(Subscribed { connection, closed })
    }

    /// Returns when the connection has ended, or has given no answer for too long: a cut cable says nothing.
    async fn watch(&self, subscribed: &mut Subscribed) -> Lost {
        let (every, silence) = (self.config.ping_interval(), self.config.silence());
        let mut dropped = self.metrics.dropped();
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                () = subscribed.closed.notified() => {
                    return Lost { reason: "the connection ended".into(), since: Instant::now() };
                }
                () = sleep(every) => {}
            }
            let ping = redis::cmd("PING");
            let answer = ping.query_async::<redis::Value>(&mut subscribed.connection);
            match timeout(silence.saturating_sub(heard.elapsed()), answer).await {
                Ok(Ok(_)) => heard = Instant::now(),
                Ok(Err(error)) => return Lost { reason: error.to_string(), since: heard },
                Err(_) => {
                    let reason = format!("no answer for {} ms", silence.as_millis());
                    return Lost { reason, since: heard };
                }
            }
            let now = self.metrics.dropped();
            if now > dropped {
                tracing::error!(
                    messages = now - dropped,
                    "dropped messages: more came than REDIS_QUEUE_BYTES hold"
                );
                dropped = now;
            }
        }
    }

    /// Ends the subscription. Once Redis has said so no message comes any more.
    async fn leave(&self, mut subscribed: Subscribed) {
        let leaving = subscribed.connection.punsubscribe(self.config.patterns());
        if !matches!(timeout(LEAVE_WITHIN, leaving).await, Ok(Ok(()))) {
            tracing::warn!("the subscription was not ended in time");
        }
    }
}
