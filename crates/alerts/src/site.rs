//! For tests: a database of a test's own, and events that come into it.

use std::sync::atomic::{AtomicI64, Ordering};

use clickhouse::Client;
use model::{
    AppliedKeys, Content, Event, EventId, EventKey, JsonText, Position, Source, State, Stored, Tenant,
    Timestamp, Version, Write,
};
use store::{Alert, Config, Store};

use crate::file::Current;
use crate::rules::Rules;

/// So many milliseconds after the beginning of a test's time.
pub(crate) fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000 + ms).unwrap()
}

pub(crate) struct Site {
    pub(crate) store: Store,
    database: String,
    sql: Client,
    offsets: AtomicI64,
}

impl Site {
    pub(crate) async fn new() -> Self {
        Self::with(Config::default()).await
    }

    /// Where a question may read so many rows.
    pub(crate) async fn reading(rows: u64) -> Self {
        Self::with(Config { read_max_rows: rows, ..Config::default() }).await
    }

    async fn with(config: Config) -> Self {
        let url = tokio::task::spawn_blocking(testing::engine::url).await.unwrap().to_string();
        let (sql, database) = (Client::default().with_url(&url), testing::unique("alerts"));
        let store = Store::new(Config { url: Some(url), database: database.clone(), ..config }).unwrap();
        store.migrate().await.unwrap();
        let site = Self { store, database, sql, offsets: AtomicI64::new(0) };
        // A test's time is not that of the server.
        for table in ["alerts", "alert_cursors"] {
            site.sql(&format!("ALTER TABLE {{db}}.{table} REMOVE TTL")).await;
        }
        site
    }

    /// What ClickHouse answers to a statement; `{db}` stands for the database.
    pub(crate) async fn sql(&self, statement: &str) -> String {
        let statement = statement.replace("{db}", &self.database);
        let mut answer = self.sql.query_raw(&statement).fetch_bytes("TSVRaw").unwrap();
        String::from_utf8(answer.collect().await.unwrap().to_vec()).unwrap().trim_end().to_owned()
    }

    /// An event that happened at a time and came in at another, which is visible when this returns.
    pub(crate) async fn event(
        &self,
        tenant: &str,
        happened: i64,
        came: i64,
        content: Content<'static>,
    ) -> EventId {
        let row = self.row(tenant, happened, came, content);
        let id = row.0.id;
        self.store.insert(&[row]).await.unwrap();
        id
    }

    /// So many of a name at once, of which each happened at the same time and came in at the same.
    pub(crate) async fn events(&self, tenant: &str, count: i64, happened: i64, came: i64, name: &str) {
        let rows: Vec<_> = (0..count).map(|_| self.row(tenant, happened, came, named(name))).collect();
        self.store.insert(&rows).await.unwrap();
    }

    fn row(
        &self,
        tenant: &str,
        happened: i64,
        came: i64,
        content: Content<'static>,
    ) -> (EventKey, Stored<'static>) {
        let tenant = Tenant::parse(tenant).unwrap();
        let id = EventId::new(at(happened));
        let event = Event {
            tenant: tenant.clone(),
            id,
            received_at: at(came),
            updated_at: at(came),
            source: Source::Native,
            content,
        };
        let position = Position::at(at(came), self.offsets.fetch_add(1, Ordering::Relaxed)).unwrap();
        let stored = Stored {
            version: Version::new(Write::Create, position),
            state: State::Live(Box::new(event)),
            applied: AppliedKeys::default(),
        };
        (EventKey { tenant, id }, stored)
    }

    /// All alerts of a tenant, oldest first.
    pub(crate) async fn alerts(&self, tenant: &str) -> Vec<Alert> {
        let tenant = Tenant::parse(tenant).unwrap();
        let mut alerts = self.store.newest_alerts(&tenant, None, 1_000).await.unwrap();
        alerts.reverse();
        alerts
    }
}

/// These rules in force since the beginning.
pub(crate) fn current(rules: &str) -> Current {
    Current { rules: Rules::parse(rules).unwrap(), webhook: None, since: at(0) }
}

pub(crate) fn named(event_name: &str) -> Content<'static> {
    Content { event_name: event_name.to_owned().into(), ..Content::default() }
}

pub(crate) fn stock(event_name: &str, sku: &str) -> Content<'static> {
    let properties = JsonText::from_stored(format!(r#"{{"sku":"{sku}"}}"#)).unwrap();
    Content { properties, ..named(event_name) }
}
