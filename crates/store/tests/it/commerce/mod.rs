//! Shops, by hand: what their events come to was computed with pen and paper.

mod audience;
mod cart;
mod money;
mod people;
mod rolled;
mod stock;

use model::{Content, EventKey, JsonText, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};
use store::{Filters, Grid, Interval, Range, RangeParams, RangeSpec, Scope, WeekStart, Zone};

use crate::database::{Database, created, id_at, scope, tenant, time};

/// When the shops look at their numbers, if nothing else is said.
const NOW: &str = "2026-12-24T00:00:00Z";

/// A database with the events of a shop, and of another whose numbers are never seen.
struct Shop {
    database: Database,
    now: Timestamp,
}

/// What is asked about.
struct Asked {
    range: Range,
    zone: Zone,
    grid: Grid,
}

/// An event of a user with a name and properties.
fn event(at: &str, user: &str, name: &str, properties: Value) -> (String, Content<'static>) {
    let properties = if properties.is_null() { String::new() } else { properties.to_string() };
    sent(at, user, name, &properties)
}

/// The same with the text of the properties as it was sent.
fn sent(at: &str, user: &str, name: &str, properties: &str) -> (String, Content<'static>) {
    let content = Content {
        user_id: user.to_owned().into(),
        event_name: name.to_owned().into(),
        properties: JsonText::from_stored(properties.to_owned()).unwrap(),
        ..Content::default()
    };
    (at.to_owned(), content)
}

impl Shop {
    async fn with(events: Vec<(String, Content<'static>)>) -> Self {
        let database = Database::new().await;
        let (mut rows, mut n) = (Vec::new(), 0);
        for (at, content) in events {
            let id = id_at(&at);
            for tenant_name in ["acme", "globex"] {
                n += 1;
                let key = EventKey { tenant: tenant(tenant_name), id };
                let mut content = content.clone();
                if tenant_name == "globex" {
                    content.user_id = "somebody else".to_owned().into();
                }
                rows.push(created(&key, n, content));
            }
        }
        database.store.insert(&rows).await.unwrap();
        Self { database, now: time(NOW) }
    }

    /// About local days of a zone.
    async fn asked(&self, from: &str, to: &str, timezone: &str, interval: Interval) -> Asked {
        let params = RangeParams { from: Some(from), to: Some(to), days: None, timezone: Some(timezone) };
        let spec = RangeSpec::parse(&params, None).unwrap();
        let (range, zone) = self.database.store.range(&spec, self.now).await.unwrap();
        let grid = self.database.store.grid(&range, &zone, Some(interval), WeekStart::Monday).await.unwrap();
        Asked { range, zone, grid }
    }

    fn scope<'a>(&self, tenant: &'a model::Tenant, asked: &'a Asked) -> Scope<'a> {
        let scope = scope(&self.database.store, tenant, asked.range);
        Scope { zone: &asked.zone, filters: &Filters::NONE, ..scope }
    }
}

/// Rows as the API writes them, one a line, so that the digits of numbers count.
fn lines<T: Serialize>(rows: &[T]) -> String {
    rows.iter().map(|row| serde_json::to_string(row).unwrap() + "\n").collect()
}

/// An item of an order.
fn item(product: &str, sku: &str, quantity: impl Serialize, total: impl Serialize) -> Value {
    json!({"product_id": product, "sku": sku, "quantity": quantity, "total_price": total})
}
