//! What shops take in.

use serde::Serialize;
use utoipa::ToSchema;

use super::{MAX_ROWS, filled};
use crate::fold::orders::{Orders, Wanted};
use crate::fold::revenue::{Key, NAMES, Revenue, Said, Sums};
use crate::money::Money;
use crate::range::BucketStart;
use crate::{Grid, Interval, Rolled, Scope, Store, StoreError};

/// What came in, in one currency.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct RevenueRow {
    /// When its bucket begins.
    #[schema(value_type = String, format = DateTime)]
    pub start: BucketStart,
    /// Null where neither the event nor its order says it.
    #[schema(example = "EUR")]
    pub currency: Option<String>,
    /// Only `by=location`; null where neither the event nor its order says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub location_id: Option<Option<String>>,
    /// Orders that were created.
    pub orders: u64,
    /// What they are worth.
    #[schema(value_type = f64)]
    pub revenue: Money,
    /// Revenue by order; null without orders.
    #[schema(value_type = Option<f64>)]
    pub aov: Option<Money>,
    /// What was paid.
    #[schema(value_type = f64)]
    pub paid: Money,
    /// What was paid back, when it was.
    #[schema(value_type = f64)]
    pub refunded: Money,
    /// What was paid, less what was paid back.
    #[schema(value_type = f64)]
    pub net: Money,
    /// Orders, payments and refunds whose amount can't be read.
    pub unreadable: u64,
}

impl Store {
    /// By bucket and currency, oldest first, perhaps by location too. Rows without anything are left out.
    pub async fn revenue(
        &self,
        scope: &Scope<'_>,
        grid: &Grid,
        by_location: bool,
    ) -> Result<Rolled<Vec<RevenueRow>>, StoreError> {
        let can_be_rolled = scope.filters.is_empty() && grid.interval() != Interval::Minute;
        let plan = if can_be_rolled { self.plan_of_money(scope).await? } else { None };
        let mut revenue = Revenue::new(by_location);
        if let Some(plan) = &plan {
            self.add_rolled_hours(scope, plan, grid, &mut revenue).await?;
        }
        let mut rows = self.typed_beside(scope, plan.as_ref(), &NAMES)?;
        while let Some(row) = rows.next().await? {
            if let Some(start) = grid.start_of(row.at) {
                revenue.add(start.millis, &Said::of(row.event_name, row.properties))?;
            }
        }
        let mut read = plan.as_ref().map(|plan| plan.read).unwrap_or_default();
        let orders = match (Wanted::of(revenue.wanted()), plan) {
            (Wanted::Few(few), _) if few.is_empty() => Orders::default(),
            (wanted, Some(_)) => {
                let (orders, of_orders) = self.orders_with_rollups(scope, &wanted, by_location).await?;
                read.as_of = [read.as_of, of_orders.as_of].into_iter().flatten().min();
                read.stale_hours = read.stale_hours.max(of_orders.stale_hours);
                orders
            }
            (wanted, None) => self.orders_by_events(scope, &wanted, by_location).await?,
        };
        let sums = revenue.sums(&orders)?;
        if sums.len() > MAX_ROWS {
            return Err(StoreError::TooMuch);
        }
        let data = sums
            .into_iter()
            .filter_map(|(key, sums)| Some(row(grid.start_of(key.start)?, key, sums, by_location)));
        Ok(Rolled { read, ..Rolled::live(data.collect()) })
    }
}

fn row(start: BucketStart, key: Key, sums: Sums, by_location: bool) -> RevenueRow {
    RevenueRow {
        start,
        currency: filled(key.currency),
        location_id: by_location.then(|| filled(key.location_id)),
        orders: sums.orders,
        revenue: sums.revenue,
        aov: sums.revenue.per(sums.orders),
        paid: sums.paid,
        refunded: sums.refunded,
        net: sums.paid - sums.refunded,
        unreadable: sums.unreadable,
    }
}
