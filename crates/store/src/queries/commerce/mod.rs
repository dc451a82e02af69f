//! Questions about shops and what people do there, by the typed events of docs/events.md, whatever way they came in.

mod acquisition;
mod active_users;
mod cart;
mod geography;
mod heatmap;
mod inventory;
mod operations;
mod orders;
mod products;
mod revenue;
mod sessions;

use clickhouse::Row;
use serde::Deserialize;
use uuid::Uuid;

pub use acquisition::Registrations;
pub use active_users::ActiveUsers;
pub use cart::Cart;
pub use geography::Located;
pub use heatmap::HeatmapCell;
pub use inventory::{DeadStock, Inventory, Restock, Shortages, Turnover};
pub use operations::{HourOfDay, Operations, OperationsBucket};
pub use products::{ProductOrder, ProductRow};
pub use revenue::RevenueRow;
pub use sessions::SessionsBucket;

use crate::ask::{Besides, Rows};
use crate::filter::Binder;
use crate::rollup::Plan;
use crate::{Field, Range, Scope, Store, StoreError};

/// Rows of an answer whose keys clients say, as many as they like.
const MAX_ROWS: usize = 100_000;

/// Events of some names, as they were sent.
const TYPED: &str = "
    SELECT toUnixTimestamp64Milli(created_at) AS at, id, event_name, properties FROM {events}
    WHERE event_name IN {names:Array(String)}";

const IN_ORDER: &str = "ORDER BY created_at, UUIDToNum(id)";

/// A typed event as it comes from the table.
#[derive(Row, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct TypedRow<'a> {
    /// When it happened, in milliseconds.
    at: i64,
    #[serde(with = "clickhouse::serde::uuid")]
    id: Uuid,
    event_name: &'a str,
    properties: &'a str,
}

impl TypedRow<'_> {
    /// Its place in the order of events.
    fn order(&self) -> (i64, u128) {
        (self.at, self.id.as_u128())
    }
}

impl Store {
    /// The scope's events of these names, in no order.
    fn typed(&self, scope: &Scope<'_>, names: &[&str]) -> Result<Rows<TypedRow<'static>>, StoreError> {
        self.typed_beside(scope, None, names)
    }

    /// The same without those that a plan has rolled up.
    fn typed_beside(
        &self,
        scope: &Scope<'_>,
        plan: Option<&Plan>,
        names: &[&str],
    ) -> Result<Rows<TypedRow<'static>>, StoreError> {
        self.ask_beside(scope, plan, TYPED).param("names", names).rows()
    }

    /// The scope's events of these names, in the order of events.
    fn typed_in_order(
        &self,
        scope: &Scope<'_>,
        names: &[&str],
    ) -> Result<Rows<TypedRow<'static>>, StoreError> {
        self.typed_in_order_beside(scope, None, names)
    }

    /// The same without those that a plan has rolled up.
    fn typed_in_order_beside(
        &self,
        scope: &Scope<'_>,
        plan: Option<&Plan>,
        names: &[&str],
    ) -> Result<Rows<TypedRow<'static>>, StoreError> {
        let question = self.ask_beside(scope, plan, &format!("{TYPED} {IN_ORDER}"));
        // Sorted when they are read: in the order of the table one thread reads them all.
        question.param("names", names).setting("optimize_read_in_order", "0").rows()
    }
}

/// Columns with the texts that events say under some paths of their properties, each of the name beside its path.
fn texts(columns: &[(&str, &'static str)]) -> Besides {
    let mut besides = Besides::default();
    for (name, path) in columns {
        besides.text(name, path);
    }
    besides
}

impl Besides {
    /// Adds such a column, and returns what it is in SQL.
    fn text(&mut self, name: &str, path: &'static str) -> String {
        let text = Binder::new(name, &mut self.params).text_of(&Field::property(path));
        self.columns += &format!(", {text} AS {name}");
        text
    }
}

/// The same tenant's events of other times, as seen at the same time.
fn at_times<'a>(scope: &Scope<'a>, from_ms: i64, to_ms: i64) -> Scope<'a> {
    let range = Range::between(from_ms, to_ms, scope.range.now());
    Scope { range, ..scope.clone() }
}

/// `None` of an empty text.
fn filled(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}
