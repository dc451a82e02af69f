//! What becomes of orders.

use model::{Span, Timestamp};
use serde_json::json;
use store::queries::commerce::Cart;
use store::{Interval, Limits, Scope};

use super::{Shop, event};
use crate::database::{tenant, time};

/// As a client sends them that has one id for everything.
#[tokio::test]
async fn one_id_may_be_that_of_many_orders_and_payments() {
    const ORDERS: u32 = 10_000;
    let begin = time("2026-03-28T00:00:00Z").millis();
    let at = |name: &str, seconds: u32| {
        let at = Timestamp::from_millis(begin + 1_000 * i64::from(seconds)).unwrap().to_string();
        event(&at, "u-1", name, json!({"order_id": "o-1"}))
    };
    // An order each second, and ten payments each tenth, that of the last order's included.
    let mut events: Vec<_> = (0..ORDERS).map(|n| at("order.created", n)).collect();
    events.extend((0..=ORDERS).map(|n| at("payment.processed", n.next_multiple_of(10))));
    events.push(at("order.cancelled", ORDERS / 2));
    let shop = Shop::with(events).await;
    let (acme, asked) = (tenant("acme"), shop.asked("2026-03-28", "2026-03-29", "UTC", Interval::Day).await);
    let scope = shop.scope(&acme, &asked);
    let scope = Scope { limits: Limits { memory_bytes: 256 << 20, ..scope.limits }, ..scope };
    let cart = shop.database.store.cart(&scope, &Span::parse("3s").unwrap()).await.unwrap();
    // Those of seconds that end with 7, 8, 9 and 0 are paid within three seconds.
    let expected = Cart {
        orders: 10_000,
        paid: 4_000,
        cancelled: 3_000,
        abandoned: 3_000,
        open: 0,
        abandonment_rate: Some(0.3),
    };
    assert_eq!(cart, expected);
}
