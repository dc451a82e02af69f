//! What all handlers share.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use bus::{Channels, Positions, Producer, Record, Schedule, SendError, Written};
use model::wire::Intake;
use model::{EventKey, EventNames, Tenant, Timestamp, Window};
use redis_bridge::Publisher;
use runtime::metrics::{Page, Registry};
use runtime::shutdown::Shutdown;
use store::Store;
use tokio::sync::SetOnce;

use crate::Config;
use crate::auth::{Auth, Caller};
use crate::body::Bodies;
use crate::counters::{Clients, Requests, Sends};
use crate::error::ApiError;
use crate::history::History;
use crate::kept::Kept;
use crate::lag::Lag;
use crate::mcp::Tools;
use crate::places::Places;
use crate::questions::schema::KeptSchemas;
use crate::recent::Recent;
use crate::request;
use crate::routes::ROUTES;
use crate::sampler::Sampler;
use crate::tail::Tail;
use crate::wait::Waiter;

/// However many ask whether the API is ready.
const PING_AT_MOST_EVERY: Duration = Duration::from_millis(100);

/// The application. Handlers get it with their `Call`.
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) auth: Auth,
    pub(crate) names: EventNames,
    pub(crate) store: Store,
    pub(crate) positions: Positions,
    pub(crate) lag: Lag,
    pub(crate) history: History,
    /// What `/tail` sends.
    pub(crate) tail: Tail,
    /// Whether the table's server answers.
    pub(crate) table_answers: Sampler<bool>,
    schedule: Schedule,
    pub(crate) waiter: Waiter,
    pub(crate) bodies: Bodies,
    pub(crate) places: Places,
    /// What `/openapi.json` says.
    pub(crate) description: Bytes,
    /// What `/mcp` lets assistants call.
    pub(crate) tools: Tools,
    sends: Sends,
    pub(crate) requests: Requests,
    pub(crate) clients: Clients,
    /// What `/schema` has answered.
    pub(crate) kept_schemas: KeptSchemas,
    /// The tenants that the page may switch between.
    pub(crate) kept_tenants: Kept<(), Vec<Tenant>>,
    /// What `/v1/debug/recent` shows.
    pub(crate) recent: Recent,
    /// Where `/test/publish-event` publishes, if it does.
    pub(crate) publisher: Option<Publisher>,
    /// Of the whole process.
    pub(crate) numbers: Page,
    /// Set once the topics are there.
    producer: OnceLock<Producer>,
    /// Set once the table is there.
    table: SetOnce<()>,
    /// How the evaluation of alerts is, if there are rules.
    pub(crate) alerting: Option<alerts::Status>,
    /// Set once the end was asked for.
    ending: AtomicBool,
}

impl App {
    /// Connects in the background. An error is a configuration that someone has to change.
    pub(crate) fn new(
        config: Config,
        description: Bytes,
        channels: &Channels,
        store: Store,
        mut registry: Registry,
        alerting: Option<alerts::Status>,
        shutdown: Shutdown,
    ) -> anyhow::Result<Self> {
        config.check()?;
        let names = EventNames::parse(&config.event_names).ok_or_else(|| {
            anyhow::anyhow!("EVENT_NAMES must be a comma-separated list of names, or * alone")
        })?;
        let Channels { bus, events, group, .. } = channels;
        let positions = bus.positions(events, group)?;
        Ok(Self {
            auth: Auth::new(&config)?,
            names,
            store,
            waiter: Waiter::new(positions.clone(), config.max_waiting, shutdown.clone()),
            schedule: events.schedule.clone(),
            history: History::new(channels),
            tail: Tail::new(channels, &config, &mut registry, shutdown.clone()),
            lag: Lag::new(positions.clone(), channels, &mut registry)?,
            table_answers: Sampler::new(PING_AT_MOST_EVERY),
            bodies: Bodies::new(config.max_bodies_bytes),
            description,
            tools: Tools::new(ROUTES)?,
            sends: Sends::new(&mut registry),
            requests: Requests::new(&mut registry),
            clients: Clients::new(&mut registry),
            kept_schemas: KeptSchemas::default(),
            kept_tenants: Kept::default(),
            recent: Recent::default(),
            publisher: config.publisher()?,
            numbers: Page::new(registry),
            places: Places::new(&config),
            positions,
            producer: OnceLock::new(),
            table: SetOnce::new(),
            alerting,
            ending: AtomicBool::new(false),
            config,
        })
    }

    /// From now on writes are taken.
    pub(crate) fn open_writes(&self, producer: Producer) {
        let _ = self.producer.set(producer);
    }

    /// From now on reads find a table.
    pub(crate) fn open_reads(&self) {
        let _ = self.table.set(());
    }

    /// From now on clients are asked to go elsewhere.
    pub(crate) fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    /// Whether the end was asked for.
    pub(crate) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    /// Whether a write would be answered, and without the delays of a first one.
    pub(crate) fn takes_writes(&self) -> bool {
        self.producer.get().is_some_and(Producer::is_ready)
    }

    /// Returns once there is a table to ask.
    pub(crate) async fn reads_opened(&self) {
        self.table.wait().await;
    }

    /// Whether there is a table to ask, as far as this process knows.
    pub(crate) fn takes_reads(&self) -> bool {
        self.table.get().is_some()
    }

    /// Whether an event of this id lies further ahead than a create may.
    pub(crate) fn is_ahead(&self, key: &EventKey) -> bool {
        Window::around(Timestamp::now(), self.config.max_event_age_days).ends_before(key.id.created_at())
    }

    /// Whether an event of this id lies so far before the window that a create can't be on its way any more.
    pub(crate) fn is_outdated(&self, key: &EventKey) -> bool {
        let days = self.config.max_event_age_days.saturating_add(1);
        Window::around(Timestamp::now(), days).begins_after(key.id.created_at())
    }

    /// What is known of a caller's events before they are read.
    pub(crate) fn intake(&self, caller: &Caller) -> Intake<'_> {
        let now = caller.received_at;
        let window = Window::around(now, self.config.max_event_age_days);
        Intake { tenant: caller.tenant.clone(), now, window, names: &self.names }
    }

    /// The newest record in the event's partition that is not visible yet, if there is any.
    pub(crate) async fn newest(&self, key: &EventKey) -> Result<Option<Written>, ApiError> {
        let partition = self.schedule.partition(key.id.to_string().as_bytes(), key.id.created_at());
        let newest = self.positions.newest_uncommitted(partition).await?;
        Ok(newest.map(|offset| Written { partition, offset }))
    }

    /// Puts an operation on the topic; returns when it is kept.
    pub(crate) async fn send(&self, mut record: Record) -> Result<Written, ApiError> {
        record.headers.extend(request::header());
        let begun = Instant::now();
        let sent = self.producer()?.send(record).await;
        self.sends.count(std::slice::from_ref(&sent), begun.elapsed());
        Ok(sent?)
    }

    /// The same with many at once.
    pub(crate) async fn send_all(&self, mut records: Vec<Record>) -> Vec<Result<Written, ApiError>> {
        if let Some(header) = request::header() {
            for record in &mut records {
                record.headers.push(header.clone());
            }
        }
        let producer = match self.producer() {
            Ok(producer) => producer,
            Err(error) => return records.iter().map(|_| Err(error.clone())).collect(),
        };
        let begun = Instant::now();
        let sent = producer.send_all(records).await;
        self.sends.count(&sent, begun.elapsed());
        // What keeps one from being sent keeps others: it is logged once.
        let mut unavailable = None;
        let mut failed = |error| match error {
            SendError::TooLarge { .. } => error.into(),
            error => unavailable.get_or_insert_with(|| ApiError::from(error)).clone(),
        };
        sent.into_iter().map(|sent| sent.map_err(&mut failed)).collect()
    }

    fn producer(&self) -> Result<&Producer, ApiError> {
        self.producer.get().ok_or_else(|| ApiError::unavailable("writes", "the topics are not set up yet"))
    }
}
