//! What questions read of the money of hours.

use clickhouse::Row;
use serde::Deserialize;

use super::row::{Entry, Waits, entry_of, waiting_of};
use crate::fold::orders::{OrderHash, Orders, Wanted};
use crate::fold::revenue::{QUARTER_MS, Revenue};
use crate::rollup::{Plan, ROLLED};
use crate::{Grid, Scope, Store, StoreError};

const HOURS: &str = "
    SELECT toUnixTimestamp(hour) AS start, entries, /* waiting */ AS waiting
    FROM rollup_money FINAL
    WHERE /* rolled */";

const ORDERS: &str = "
    SELECT toUnixTimestamp(hour) AS start, arrayMap(entry -> (entry.currency, entry.location_id), entries) AS said,
        /* orders */ AS found
    FROM rollup_money FINAL
    WHERE /* rolled */ AND notEmpty(found)";

/// Only those orders that are wanted, where they are few.
const NAMED: &str = "arrayFilter(found -> found.order IN {named:Array(UInt64)}, orders)";

#[derive(Row, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct HourRow<'a> {
    start: u32,
    entries: Vec<Entry<'a>>,
    waiting: Vec<Waits>,
}

#[derive(Row, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct OrdersRow<'a> {
    start: u32,
    /// Currency and location of each entry.
    said: Vec<(&'a str, &'a str)>,
    /// Order, entry.
    found: Vec<(u64, u32)>,
}

impl Store {
    /// Takes the columns for what they are said to be: millions of elements are not checked one by one, and the client
    /// library knows no names in tuples.
    fn unchecked(&self) -> Self {
        Self { reader: self.reader.clone().with_validation(false), ..self.clone() }
    }

    /// Adds the rolled hours of a plan of the scope. No bucket of the grid begins within a quarter of an hour.
    pub(crate) async fn add_rolled_hours(
        &self,
        scope: &Scope<'_>,
        plan: &Plan,
        grid: &Grid,
        revenue: &mut Revenue,
    ) -> Result<(), StoreError> {
        let waiting =
            if revenue.is_by_location() { "arrayConcat(no_currency, no_location)" } else { "no_currency" };
        let sql = HOURS.replace("/* waiting */", waiting).replace("/* rolled */", ROLLED);
        let mut rows = self.unchecked().ask_beside(scope, Some(plan), &sql).rows::<HourRow<'_>>()?;
        while let Some(HourRow { start, entries, waiting }) = rows.next().await? {
            let bucket = |quarter: u8| {
                let at = i64::from(start) * 1_000 + i64::from(quarter) * QUARTER_MS;
                grid.start_of(at).map_or(at, |start| start.millis)
            };
            let entries = entries.into_iter().map(|entry| entry_of(bucket(entry.0), entry));
            revenue.add_hour(entries, waiting.into_iter().map(waiting_of))?;
        }
        Ok(())
    }

    /// Adds the wanted orders of the rolled hours of a plan of the scope.
    pub(crate) async fn add_rolled_orders(
        &self,
        scope: &Scope<'_>,
        plan: &Plan,
        wanted: &Wanted,
        orders: &mut Orders,
    ) -> Result<(), StoreError> {
        let (column, named) = match wanted {
            Wanted::Few(few) => (NAMED, few.iter().map(|order| order.0).collect()),
            Wanted::Many(_) => ("orders", Vec::new()),
        };
        let sql = ORDERS.replace("/* orders */", column).replace("/* rolled */", ROLLED);
        let reader = self.unchecked();
        let question = reader.ask_beside(scope, Some(plan), &sql).param("named", &named);
        let mut rows = question.rows::<OrdersRow<'_>>()?;
        while let Some(OrdersRow { start, said, found }) = rows.next().await? {
            let said = said.into_iter().map(|(currency, location_id)| orders.place(currency, location_id));
            let places = said.collect::<Result<Vec<_>, _>>()?;
            for (order, entry) in found.into_iter().filter(|(order, _)| wanted.has(OrderHash(*order))) {
                let place = usize::try_from(entry).ok().and_then(|entry| places.get(entry));
                if let Some(place) = place {
                    orders.add(OrderHash(order), i64::from(start) * 1_000, *place)?;
                }
            }
        }
        Ok(())
    }
}
