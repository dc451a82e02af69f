//! What orders say that payments and refunds don't.

use super::{IN_ORDER, TYPED, TypedRow, at_times};
use crate::ask::{Besides, Rows};
use crate::fold::orders::{Orders, Wanted};
use crate::fold::revenue::Said;
use crate::queries::sql_time;
use crate::rollup::Read;
use crate::zone::Zone;
use crate::{Scope, Store, StoreError};

/// Of the events that are orders.
const NAMES: &[&str] = &["order.created"];

/// When the orders were created that payments and refunds of the range take something from, and others whose ids the
/// server takes for the same.
const ORDERED_AT: &str = "
    SELECT created_at FROM {versions}
        AND event_name = 'order.created' AND cityHash64(/* same */) IN (
        SELECT cityHash64(/* same */) FROM {versions}
            AND created_at >= {since:DateTime64(3, 'UTC')} AND created_at < {until:DateTime64(3, 'UTC')}
            AND event_name IN ('payment.processed', 'payment.refunded') AND /* order_id */ != ''
            AND (/* currency */ = '' OR {by_location:Bool} AND /* location_id */ = ''))";

/// The same of ids that are alike. The server has rounded numbers that are no whole ones, or have too many digits.
const SAME: &str = "ifNull(toString(toFloat64OrNull(/* order_id */)), /* order_id */)";

impl Store {
    /// Of the wanted orders, whenever they were created, by the rollups of hours that are clean and the events of the
    /// others; by events alone where too many hours are dirty.
    pub(super) async fn orders_with_rollups(
        &self,
        scope: &Scope<'_>,
        wanted: &Wanted,
        by_location: bool,
    ) -> Result<(Orders, Read), StoreError> {
        let at_any_time = at_times(scope, 0, scope.range.after_now().millis());
        let at_any_time = Scope { zone: &Zone::UTC, ..at_any_time };
        let Some(plan) = self.plan_of_money(&at_any_time).await? else {
            return Ok((self.orders_by_events(scope, wanted, by_location).await?, Read::default()));
        };
        let mut orders = Orders::default();
        self.add_rolled_orders(&at_any_time, &plan, wanted, &mut orders).await?;
        let rows = self.typed_in_order_beside(&at_any_time, Some(&plan), NAMES)?;
        add(rows, wanted, &mut orders).await?;
        Ok((orders, plan.read))
    }

    /// The same by their events alone, so far as the filters hold of them.
    pub(super) async fn orders_by_events(
        &self,
        scope: &Scope<'_>,
        wanted: &Wanted,
        by_location: bool,
    ) -> Result<Orders, StoreError> {
        let mut besides = Besides::default();
        let [order_id, currency, location_id] =
            ["order_id", "currency", "location_id"].map(|name| besides.text(name, name));
        besides.elsewhere = ORDERED_AT
            .replace("/* same */", SAME)
            .replace("/* order_id */", &order_id)
            .replace("/* currency */", &currency)
            .replace("/* location_id */", &location_id);
        let (since, until) = (sql_time(scope.range.from()), sql_time(scope.range.counted_to()));
        let (at_no_time, in_memory) = (at_times(scope, 0, 0), (scope.limits.memory_bytes / 2).to_string());
        let rows = self.rows(&at_no_time, &format!("{TYPED} {IN_ORDER}"), besides, |question| {
            let question =
                question.param("since", since).param("until", until).param("by_location", by_location);
            let question = question.param("names", NAMES).setting("precise_float_parsing", "1");
            question.setting("max_bytes_before_external_sort", &in_memory)
        })?;
        let mut orders = Orders::default();
        add(rows, wanted, &mut orders).await?;
        Ok(orders)
    }
}

/// Adds those that are wanted of the orders in rows, which are in the order of events.
async fn add(
    mut rows: Rows<TypedRow<'static>>,
    wanted: &Wanted,
    orders: &mut Orders,
) -> Result<(), StoreError> {
    while let Some(row) = rows.next().await? {
        let said = Said::of(row.event_name, row.properties);
        if let Some(order) = said.order.filter(|order| wanted.has(*order)) {
            let place = orders.place(&said.currency, &said.location_id)?;
            orders.add(order, row.at, place)?;
        }
    }
    Ok(())
}
