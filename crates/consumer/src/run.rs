//! The life of a consumer: set-up that waits for what is away, then the pipeline until the end.

use bus::{BusError, Channels, Producer};
use dead_letters::Writer;
use runtime::retry;
use runtime::shutdown::Shutdown;
use runtime::status::Status;
use store::{Store, StoreError};

use crate::apply::Applier;
use crate::breaker::Breaker;
use crate::cache::Cache;
use crate::letters::Letters;
use crate::lookup_budget::LookupBudget;
use crate::pipeline::Pipeline;
use crate::rollup::{Duty, Worker};
use crate::table::{SCHEMA, Table};
use crate::{Config, Metrics};

/// Consumes until `shutdown`, then writes and commits what it has. Kafka or ClickHouse being away
/// is waited for, at the start and later; an error is a set-up that someone has to change.
pub async fn run(
    config: Config,
    channels: Channels,
    store: Store,
    status: Status,
    metrics: Metrics,
    shutdown: Shutdown,
) -> anyhow::Result<()> {
    status.trouble("setup", "waiting for Kafka and ClickHouse");
    let letters = tokio::select! {
        letters = set_up(&channels, &store, &status, &metrics) => letters?,
        () = shutdown.cancelled() => return Ok(()),
    };
    status.fine("setup");
    let Channels { bus, events, group, .. } = channels.clone();
    // What waits for the batch need not be much: it grows while the one before it is written.
    let source = bus.source(&events, &group, config.max_batch_bytes / 4)?;
    tracing::info!(topic = events.name, group, "consuming");
    let applier = Applier {
        table: Table::new(store.clone(), status.clone(), metrics.insert_seconds.clone()),
        letters: Letters::kept_by(Writer { producer: letters, topic: events.name, status: status.clone() }),
        schedule: events.schedule,
        cache: Cache::new(config.cache_bytes),
        lookup_budget: LookupBudget::new(config.max_batch_bytes),
        breaker: Breaker::default(),
        status: status.clone(),
        metrics: metrics.clone(),
    };
    let duty = Duty::default();
    let stop = shutdown.child_token();
    let _ended = stop.clone().drop_guard();
    let worker = Worker { store, duty: duty.clone(), numbers: metrics.rollups.clone() };
    tokio::spawn(worker.run(stop.clone()));
    // On the heap: it is large, and held by everybody who waits for it.
    let mut running =
        Box::pin(Pipeline::new(config, source, applier, status, metrics, duty).run(stop.clone()));
    tokio::select! {
        ended = &mut running => ended,
        outdated = channels.outdated() => {
            stop.cancel();
            running.await?;
            Err(outdated.into())
        }
    }
}

/// Sets up topics and table, and returns the producer of dead letters.
async fn set_up(
    channels: &Channels,
    store: &Store,
    status: &Status,
    metrics: &Metrics,
) -> anyhow::Result<Producer> {
    let topics = async {
        let ensure = || channels.ensure_topics();
        let at_risk = retry::forever("setting up the topics", BusError::is_retryable, ensure).await?;
        metrics.at_risk(channels, &at_risk);
        anyhow::Ok(channels.bus.producer(&channels.dead_letters)?)
    };
    let table = async {
        let migrate = async || {
            store.migrate().await.inspect_err(|error| {
                if let StoreError::Newer(reason) = error {
                    status.trouble(SCHEMA, reason);
                }
            })
        };
        retry::forever("migrating the table", StoreError::is_retryable, migrate).await?;
        status.fine(SCHEMA);
        anyhow::Ok(())
    };
    Ok(tokio::try_join!(topics, table)?.0)
}
