//! A database for one test, and rows to put in it.

use std::collections::HashMap;

use clickhouse::Client;
use model::{
    AppliedKeys, Content, Event, EventId, EventKey, Position, Source, State, Stored, Tenant, Timestamp,
    Version, Write,
};
use store::{Config, Filters, Range, Reading, Scope, Store, Zone};

/// A database of a test's own.
pub(crate) struct Database {
    pub(crate) store: Store,
    pub(crate) config: Config,
    client: Client,
}

impl Database {
    /// With the table in it.
    pub(crate) async fn new() -> Self {
        let database = Self::missing();
        database.store.migrate().await.unwrap();
        database
    }

    /// Only the name of one.
    pub(crate) fn missing() -> Self {
        Self::with(Config::default())
    }

    /// Only the name of one, otherwise configured like this.
    pub(crate) fn with(config: Config) -> Self {
        let url = testing::engine::url().to_string();
        let client = Client::default().with_url(&url);
        let config = Config { url: Some(url), database: testing::unique("store"), ..config };
        Self { store: Store::new(config.clone()).unwrap(), config, client }
    }

    /// What ClickHouse answers to a statement, in its `TSVRaw`; `{db}` stands for the database.
    pub(crate) async fn sql(&self, statement: &str) -> String {
        let statement = statement.replace("{db}", &self.config.database);
        let mut answer = self.client.query_raw(&statement).fetch_bytes("TSVRaw").unwrap();
        String::from_utf8(answer.collect().await.unwrap().to_vec()).unwrap().trim_end().to_owned()
    }

    /// Inserts rows as a file of a format has them.
    pub(crate) async fn load(&self, table: &str, format: &str, file: Vec<u8>) {
        let sql = format!("INSERT INTO {}.{table} FORMAT {format}", self.config.database);
        let mut insert = self.client.insert_formatted_with(sql);
        insert.send(file.into()).await.unwrap();
        insert.end().await.unwrap();
    }

    /// The winning rows of these keys, however large they are.
    pub(crate) async fn rows(&self, keys: &[EventKey]) -> HashMap<EventKey, Stored<'static>> {
        let (mut left, mut rows) = (keys.to_vec(), HashMap::new());
        while !left.is_empty() {
            let lookup = self.store.lookup(&left, usize::MAX).await.unwrap();
            assert!(lookup.foreign.is_empty(), "{:?}", lookup.foreign);
            rows.extend(lookup.rows);
            left = lookup.left;
        }
        rows
    }

    /// Inserts each row by itself, so that nothing of them is merged.
    pub(crate) async fn insert_apart(&self, rows: &[(EventKey, Stored<'static>)]) {
        self.sql("SYSTEM STOP MERGES {db}.events").await;
        for row in rows {
            self.store.insert(std::slice::from_ref(row)).await.unwrap();
        }
    }

    /// Takes events out of their table, as a cleanup merge does, but not out of the index of names.
    pub(crate) async fn forget(&self, keys: &[EventKey]) {
        let ids: Vec<_> = keys.iter().map(|key| format!("'{}'", key.id)).collect();
        let gone = format!("ALTER TABLE {{db}}.events DELETE WHERE id IN ({})", ids.join(","));
        self.sql(&format!("{gone} SETTINGS mutations_sync = 1")).await;
    }
}

pub(crate) fn tenant(name: &str) -> Tenant {
    Tenant::parse(name).unwrap()
}

pub(crate) fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// All events, in UTC, at what a question may cost by the configuration.
pub(crate) fn scope<'a>(store: &Store, tenant: &'a Tenant, range: Range) -> Scope<'a> {
    Scope {
        tenant,
        range,
        zone: &Zone::UTC,
        filters: &Filters::NONE,
        limits: store.limits(),
        reading: Reading::default(),
        query_id: None,
    }
}

/// A new id of that time.
pub(crate) fn id_at(at: &str) -> EventId {
    EventId::new(time(at))
}

/// A new key of a tenant without a name of its own.
pub(crate) fn new_key() -> EventKey {
    EventKey { tenant: Tenant::default(), id: EventId::new(Timestamp::now()) }
}

/// The version of what `write` as the n-th operation of a log leaves behind.
pub(crate) fn version(write: Write, n: i64) -> Version {
    Version::new(write, Position::new(1_800_000_000_000 + n, n).unwrap())
}

/// The row that the n-th operation of a log leaves behind.
pub(crate) fn live(
    key: &EventKey,
    write: Write,
    n: i64,
    content: Content<'static>,
) -> (EventKey, Stored<'static>) {
    let event = Event {
        tenant: key.tenant.clone(),
        id: key.id,
        received_at: key.id.created_at(),
        updated_at: time("2027-01-15T08:00:00Z"),
        source: Source::Native,
        content,
    };
    let state = State::Live(Box::new(event));
    (key.clone(), Stored { version: version(write, n), state, applied: AppliedKeys::default() })
}

/// A created event.
pub(crate) fn created(key: &EventKey, n: i64, content: Content<'static>) -> (EventKey, Stored<'static>) {
    live(key, Write::Create, n, content)
}

/// An updated event.
pub(crate) fn updated(key: &EventKey, n: i64, content: Content<'static>) -> (EventKey, Stored<'static>) {
    live(key, Write::Update, n, content)
}

/// A deleted event.
pub(crate) fn deleted(key: &EventKey, n: i64) -> (EventKey, Stored<'static>) {
    let at = time("2027-01-15T09:00:00Z");
    let state = State::Deleted { at, hidden: None };
    (key.clone(), Stored { version: version(Write::Delete, n), state, applied: AppliedKeys::default() })
}

/// An event that says this.
pub(crate) fn saying(input: &str) -> Content<'static> {
    Content { input: input.to_owned().into(), ..Content::default() }
}
