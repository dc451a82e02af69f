//! For tests: a database of a test's own, and events that come into it.

use std::sync::atomic::{AtomicI64, Ordering};

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
    offsets: AtomicI64,
}

impl Site {
    pub(crate) async fn new() -> Self {
        let url = tokio::task::spawn_blocking(testing::engine::url).await.unwrap().to_string();
        let config = Config { url: Some(url), database: testing::unique("alerts"), ..Config::default() };
        let store = Store::new(config).unwrap();
        store.migrate().await.unwrap();
        Self { store, offsets: AtomicI64::new(0) }
    }

    /// An event that happened at a time and came in at another, which is visible when this returns.
    pub(crate) async fn event(
        &self,
        tenant: &str,
        happened: i64,
        came: i64,
        content: Content<'static>,
    ) -> EventId {
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
        self.store.insert(&[(EventKey { tenant, id }, stored)]).await.unwrap();
        id
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
