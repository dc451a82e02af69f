//! What shops take in.

use std::collections::HashMap;

use clickhouse::Row;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{MAX_ROWS, at_times, filled};
use crate::ask::Besides;
use crate::fold::Held;
use crate::fold::revenue::{Key, NAMES, Order, Revenue, Sums};
use crate::money::Money;
use crate::queries::sql_time;
use crate::range::BucketStart;
use crate::{Grid, Scope, Store, StoreError};

/// What orders say, some that nobody asks for among them. Of two of one id the first counts.
const ORDERS: &str = "
    SELECT order_id, argMin(currency, (created_at, UUIDToNum(id))) AS currency,
        argMin(location_id, (created_at, UUIDToNum(id))) AS location_id
    FROM {events}
    WHERE event_name = 'order.created'
    GROUP BY order_id";

/// When the orders were created that payments and refunds of the range take something from.
const ORDERED_AT: &str = "
    SELECT created_at FROM {versions}
        AND event_name = 'order.created' AND cityHash64(/* order_id */) IN (
        SELECT cityHash64(/* order_id */) FROM {versions}
            AND created_at >= {since:DateTime64(3, 'UTC')} AND created_at < {until:DateTime64(3, 'UTC')}
            AND event_name IN ('payment.processed', 'payment.refunded') AND /* order_id */ != ''
            AND (/* currency */ = '' OR {by_location:Bool} AND /* location_id */ = ''))";

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

#[derive(Row, Deserialize)]
struct OrderRow {
    order_id: String,
    currency: String,
    location_id: String,
}

impl Store {
    /// By bucket and currency, oldest first, perhaps by location too. Rows without anything are left out.
    pub async fn revenue(
        &self,
        scope: &Scope<'_>,
        grid: &Grid,
        by_location: bool,
    ) -> Result<Vec<RevenueRow>, StoreError> {
        let mut revenue = Revenue::new(by_location);
        let mut rows = self.typed(scope, &NAMES)?;
        while let Some(row) = rows.next().await? {
            if let Some(start) = grid.start_of(row.at) {
                revenue.add(start.millis, row.event_name, row.properties)?;
            }
        }
        let orders = if revenue.waits() { self.orders(scope, by_location).await? } else { HashMap::new() };
        let row = |(key, sums): (Key, Sums)| {
            let start = grid.start_of(key.start)?;
            Some(RevenueRow {
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
            })
        };
        let sums = revenue.sums(&orders);
        if sums.len() > MAX_ROWS {
            return Err(StoreError::TooMuch);
        }
        Ok(sums.into_iter().filter_map(row).collect())
    }

    async fn orders(
        &self,
        scope: &Scope<'_>,
        by_location: bool,
    ) -> Result<HashMap<String, Order>, StoreError> {
        let mut besides = Besides { elsewhere: ORDERED_AT.to_owned(), ..Besides::default() };
        for name in ["order_id", "currency", "location_id"] {
            let text = besides.text(name, name);
            besides.elsewhere = besides.elsewhere.replace(&format!("/* {name} */"), &text);
        }
        let (since, until) = (sql_time(scope.range.from()), sql_time(scope.range.counted_to()));
        let at_no_time = at_times(scope, 0, 0);
        let mut rows = self.rows::<OrderRow>(&at_no_time, ORDERS, besides, |question| {
            question.param("since", since).param("until", until).param("by_location", by_location)
        })?;
        let (mut orders, mut held) = (HashMap::new(), Held::default());
        while let Some(OrderRow { order_id, currency, location_id }) = rows.next().await? {
            held.add([order_id.as_str(), &currency, &location_id])?;
            orders.insert(order_id, Order { currency, location_id });
        }
        Ok(orders)
    }
}
