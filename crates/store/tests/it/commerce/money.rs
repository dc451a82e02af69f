//! Revenue, products and what becomes of orders.

use model::Span;
use serde_json::json;
use store::Interval;
use store::queries::commerce::{Cart, ProductOrder};

use super::{Shop, event, item, lines, sent};
use crate::database::{tenant, time};

#[tokio::test]
async fn revenue_is_exact_to_the_last_digit_by_local_day_and_currency() {
    let shop = Shop::with(vec![
        // 23:30 of the day before in UTC; in Berlin the first of the 23 hours of 29 March.
        event("2026-03-28T23:30:00Z", "u-1", "order.created", json!({"order_id": "o-1", "total_amount": "64.32", "currency": "EUR"})),
        sent("2026-03-29T21:59:59.999Z", "u-1", "order.created", r#"{"order_id":"o-2","total_amount":12345678901234.5678,"currency":"EUR"}"#),
        sent("2026-03-29T12:00:00Z", "u-1", "order.created", r#"{"order_id":"o-3", "nested":{"total_amount":7}, "total_amount" : "0.10009", "currency":"USD"}"#),
        // The next local day.
        event("2026-03-29T22:00:00Z", "u-1", "order.created", json!({"order_id": "o-4", "total_amount": "1,234.50", "currency": "EUR"})),
        event("2026-03-29T22:00:00Z", "u-1", "payment.processed", json!({"order_id": "o-1", "amount": 64.32})),
        event("2026-03-30T10:00:00Z", "u-1", "payment.refunded", json!({"order_id": "o-1", "refund_amount": "70", "currency": "EUR"})),
        // Of an order long ago.
        event("2026-01-01T00:00:00Z", "u-1", "order.created", json!({"order_id": 1002, "total_amount": 5, "currency": "USD", "location_id": "nyc"})),
        event("2026-03-30T10:00:00Z", "u-1", "payment.refunded", json!({"order_id": "1002", "refund_amount": 5})),
        event("2026-03-30T10:00:00Z", "u-1", "payment.refunded", json!({"order_id": "unknown", "refund_amount": null})),
        event("2026-03-30T10:00:00Z", "u-1", "payment.failed", json!({"order_id": "o-1", "amount": 64.32, "currency": "EUR"})),
    ])
    .await;
    let revenue = async |from, to, zone, by_location| {
        let (acme, asked) = (tenant("acme"), shop.asked(from, to, zone, Interval::Day).await);
        let scope = shop.scope(&acme, &asked);
        lines(&shop.database.store.revenue(&scope, &asked.grid, by_location).await.unwrap().data)
    };
    insta::assert_snapshot!(revenue("2026-03-29", "2026-03-31", "Europe/Berlin", false).await, @r#"
    {"start":"2026-03-29T00:00:00+01:00","currency":"EUR","orders":2,"revenue":12345678901298.8878,"aov":6172839450649.4439,"paid":0,"refunded":0,"net":0,"unreadable":0}
    {"start":"2026-03-29T00:00:00+01:00","currency":"USD","orders":1,"revenue":0.1,"aov":0.1,"paid":0,"refunded":0,"net":0,"unreadable":0}
    {"start":"2026-03-30T00:00:00+02:00","currency":null,"orders":0,"revenue":0,"aov":null,"paid":0,"refunded":0,"net":0,"unreadable":1}
    {"start":"2026-03-30T00:00:00+02:00","currency":"EUR","orders":1,"revenue":0,"aov":0,"paid":64.32,"refunded":70,"net":-5.68,"unreadable":1}
    {"start":"2026-03-30T00:00:00+02:00","currency":"USD","orders":0,"revenue":0,"aov":null,"paid":0,"refunded":5,"net":-5,"unreadable":0}
    "#);
    insta::assert_snapshot!(revenue("2026-03-30", "2026-03-31", "UTC", true).await, @r#"
    {"start":"2026-03-30T00:00:00Z","currency":null,"location_id":null,"orders":0,"revenue":0,"aov":null,"paid":0,"refunded":0,"net":0,"unreadable":1}
    {"start":"2026-03-30T00:00:00Z","currency":"EUR","location_id":null,"orders":0,"revenue":0,"aov":null,"paid":0,"refunded":70,"net":-70,"unreadable":0}
    {"start":"2026-03-30T00:00:00Z","currency":"USD","location_id":"nyc","orders":0,"revenue":0,"aov":null,"paid":0,"refunded":5,"net":-5,"unreadable":0}
    "#);
}

#[tokio::test]
async fn products_are_ordered_by_what_they_bring_in_or_by_units() {
    let order = |at: &str, id: &str, currency: &str, items: serde_json::Value| {
        event(at, "u-1", "order.created", json!({"order_id": id, "currency": currency, "items": items}))
    };
    let mut named = item("p-1", "MUG", 3, "44.85");
    named["name"] = json!("Mug, red");
    let shop = Shop::with(vec![
        order("2026-03-29T10:00:00Z", "o-1", "EUR", json!([named, item("p-2", "TEA", "1", 19.47)])),
        order(
            "2026-03-29T11:00:00Z",
            "o-2",
            "EUR",
            json!([item("p-2", "TEA", 9, "30.53"), item("p-2", "TEA", 1, json!(null))]),
        ),
        order("2026-03-29T12:00:00Z", "o-3", "USD", json!([item("p-1", "MUG", 1, "16.10")])),
        order("2026-03-30T00:00:00Z", "o-4", "EUR", json!([item("p-1", "MUG", 100, "1000")])),
    ])
    .await;
    let (acme, asked) = (tenant("acme"), shop.asked("2026-03-29", "2026-03-30", "UTC", Interval::Day).await);
    let products = async |order, limit| {
        lines(&shop.database.store.products(&shop.scope(&acme, &asked), order, limit).await.unwrap())
    };
    insta::assert_snapshot!(products(ProductOrder::Revenue, 10).await, @r#"
    {"product_id":"p-2","sku":"TEA","name":null,"currency":"EUR","units":11,"revenue":50,"orders":2,"unreadable":1}
    {"product_id":"p-1","sku":"MUG","name":"Mug, red","currency":"EUR","units":3,"revenue":44.85,"orders":1,"unreadable":0}
    {"product_id":"p-1","sku":"MUG","name":null,"currency":"USD","units":1,"revenue":16.1,"orders":1,"unreadable":0}
    "#);
    assert!(products(ProductOrder::Units, 1).await.contains("\"units\":11"));
}

#[tokio::test]
async fn an_order_is_paid_cancelled_open_or_abandoned() {
    let of = |at: &str, name: &str, id: serde_json::Value| event(at, "u-1", name, json!({ "order_id": id }));
    let mut shop = Shop::with(vec![
        // Paid at the last millisecond; paid too late; paid before; cancelled and paid.
        of("2026-03-28T10:00:00Z", "order.created", json!("o-1")),
        of("2026-03-29T10:00:00Z", "payment.processed", json!("o-1")),
        of("2026-03-28T10:00:00Z", "order.created", json!("o-2")),
        of("2026-03-29T10:00:00.001Z", "payment.processed", json!("o-2")),
        of("2026-03-28T10:00:00Z", "order.created", json!("o-3")),
        of("2026-03-28T09:59:59.999Z", "payment.processed", json!("o-3")),
        of("2026-03-28T10:00:00Z", "order.created", json!(4)),
        of("2026-03-28T11:00:00Z", "order.cancelled", json!("4")),
        of("2026-03-28T12:00:00Z", "payment.processed", json!("4")),
        // Cancelled after weeks; cancelled before; of one id, which is paid for both; without ids.
        of("2026-03-28T10:00:00Z", "order.created", json!("o-5")),
        of("2026-04-28T10:00:00Z", "order.cancelled", json!("o-5")),
        of("2026-03-28T10:00:00Z", "order.created", json!("o-6")),
        of("2026-03-28T09:00:00Z", "order.cancelled", json!("o-6")),
        of("2026-03-28T10:00:00Z", "order.created", json!("o-7")),
        of("2026-03-28T11:00:00Z", "order.created", json!("o-7")),
        of("2026-03-28T12:00:00Z", "payment.processed", json!("o-7")),
        of("2026-03-28T23:00:00Z", "order.created", json!(null)),
        of("2026-03-28T23:00:00Z", "order.created", json!("")),
        of("2026-03-28T23:30:00Z", "payment.processed", json!("")),
        of("2026-03-29T00:00:00Z", "order.created", json!("of the next day")),
    ])
    .await;
    let cart = async |shop: &Shop| {
        let (acme, asked) =
            (tenant("acme"), shop.asked("2026-03-28", "2026-03-29", "UTC", Interval::Day).await);
        let day = Span::parse("24h").unwrap();
        shop.database.store.cart(&shop.scope(&acme, &asked), &day).await.unwrap()
    };
    let ended =
        Cart { orders: 10, paid: 4, cancelled: 1, abandoned: 5, open: 0, abandonment_rate: Some(0.5) };
    assert_eq!(cart(&shop).await, ended);
    // A millisecond before the first orders' time is over nothing is paid late, and those without ids are open longer.
    shop.now = time("2026-03-29T10:00:00Z");
    let running =
        Cart { orders: 10, paid: 4, cancelled: 0, abandoned: 0, open: 6, abandonment_rate: Some(0.0) };
    assert_eq!(cart(&shop).await, running);
    shop.now = time("2026-03-29T10:00:00.001Z");
    let partly = Cart { open: 2, abandoned: 4, abandonment_rate: Some(0.5), ..running };
    assert_eq!(cart(&shop).await, partly);
}
