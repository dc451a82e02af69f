//! What becomes of orders.

use clickhouse::Row;
use model::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{at_times, texts};
use crate::{Scope, Store, StoreError};

/// Orders of the range, and payments and cancellations of all later times, by the order's id. An order without one
/// is alone. An event's id as a number is its place, whose last 80 bits stand behind the milliseconds; a payment's are
/// all 1, behind those of any event. So orders and payments of an id are gone through once, from the last to the
/// first: each takes over the payment that is next behind it. Of the cancellations the last tells all.
const CART: &str = "
    WITH bitShiftLeft(1::UInt128, 80) - 1 AS ones
    SELECT count() AS orders, countIf(is_paid) AS paid, countIf(NOT is_paid AND is_cancelled) AS cancelled,
        countIf(NOT is_paid AND NOT is_cancelled AND due >= {now:Int64}) AS open
    FROM (
        SELECT toInt64(bitShiftRight(place, 80)) + {abandon_after:Int64} AS due,
            bitAnd(payment, ones) = ones AND toInt64(bitShiftRight(payment, 80)) <= due AS is_paid,
            last_cancelled > place AS is_cancelled
        FROM (
            SELECT maxIf(place, event_name = 'order.cancelled') AS last_cancelled,
                arrayReverseSort(groupArrayIf(
                    if(event_name = 'payment.processed', bitOr(place, ones), place),
                    event_name = 'payment.processed' OR event_name = 'order.created' AND at < {until:Int64})) AS places,
                arrayFill(place -> bitAnd(place, ones) = ones, places) AS payments
            FROM (
                SELECT event_name, order_id, if(order_id = '', id, toUUID('00000000-0000-0000-0000-000000000000')) AS alone,
                    toUnixTimestamp64Milli(created_at) AS at, toUInt128(id) AS place
                FROM {events}
                WHERE event_name IN ('order.created', 'payment.processed', 'order.cancelled'))
            GROUP BY order_id, alone)
        ARRAY JOIN places AS place, payments AS payment
        WHERE bitAnd(place, ones) != ones)";

/// Orders of a range by what became of them up to now.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct Cart {
    /// All.
    pub orders: u64,
    /// Paid in time.
    pub paid: u64,
    /// Not paid in time, and cancelled.
    pub cancelled: u64,
    /// Neither, and the time is over.
    pub abandoned: u64,
    /// Neither, while the time runs.
    pub open: u64,
    /// The share of abandoned orders among those that are not open; null if there is none.
    pub abandonment_rate: Option<f64>,
}

#[derive(Row, Deserialize)]
struct CartRow {
    orders: u64,
    paid: u64,
    cancelled: u64,
    open: u64,
}

impl Store {
    /// What became of the range's orders, which are abandoned after some time.
    pub async fn cart(&self, scope: &Scope<'_>, abandon_after: &Span) -> Result<Cart, StoreError> {
        let later = at_times(scope, scope.range.from().millis(), Timestamp::MAX.millis());
        let question = self.ask_besides(&later, CART, texts(&[("order_id", "order_id")]));
        let question = question
            .param("until", scope.range.to().millis())
            .param("now", scope.range.now().millis())
            .param("abandon_after", abandon_after.millis());
        let rows = question.fetch_all::<CartRow>().await?;
        // A question without groups has one answer.
        let row = rows.into_iter().next().unwrap_or(CartRow { orders: 0, paid: 0, cancelled: 0, open: 0 });
        let CartRow { orders, paid, cancelled, open } = row;
        let (abandoned, closed) = (orders - paid - cancelled - open, orders - open);
        #[expect(clippy::cast_precision_loss, reason = "orders are fewer than 2^52")]
        let abandonment_rate = (closed > 0).then(|| abandoned as f64 / closed as f64);
        Ok(Cart { orders, paid, cancelled, abandoned, open, abandonment_rate })
    }
}
