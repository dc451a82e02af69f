//! Inventory.

use model::Span;
use serde_json::{Value, json};
use store::Interval;

use super::{Shop, event, item, lines};
use crate::database::{tenant, time};

fn stock(
    at: &str,
    name: &str,
    sku: &str,
    location: &str,
    quantity: &Value,
) -> (String, model::Content<'static>) {
    let count = if matches!(name, "restocked" | "adjusted") { "new_quantity" } else { "current_quantity" };
    let properties =
        json!({"product_id": format!("p-{sku}"), "sku": sku, "location_id": location, count: quantity});
    event(at, "", &format!("inventory.{name}"), properties)
}

fn order(at: &str, items: Value) -> (String, model::Content<'static>) {
    event(at, "u-1", "order.created", json!({"order_id": at, "currency": "EUR", "items": items}))
}

#[tokio::test]
async fn stock_is_counted_from_the_beginning_and_shown_for_the_range() {
    let shop = Shop::with(vec![
        stock("2026-01-01T00:00:00Z", "restocked", "MUG", "k", &json!(40)),
        stock("2026-03-27T12:00:00Z", "low_stock", "MUG", "k", &json!(2)),
        // In the range from here on.
        stock("2026-03-28T12:00:00Z", "low_stock", "MUG", "k", &json!(1)),
        stock("2026-03-28T13:00:00Z", "out_of_stock", "MUG", "k", &json!(null)),
        stock("2026-03-28T13:00:00Z", "restocked", "MUG", "m", &json!("10")),
        stock("2026-03-29T12:00:00Z", "restocked", "MUG", "k", &json!(38)),
        stock("2026-03-29T12:00:00Z", "low_stock", "TEA", "k", &json!(3)),
        stock("2026-03-29T12:00:01.500Z", "restocked", "TEA", "k", &json!(30)),
        stock("2026-01-01T00:00:00Z", "adjusted", "PEN", "k", &json!(5)),
        stock("2026-01-01T00:00:00Z", "adjusted", "INK", "k", &json!(0)),
        // Behind the range.
        stock("2026-03-30T00:00:00Z", "adjusted", "PEN", "k", &json!(0)),
        order("2026-01-02T00:00:00Z", json!([item("p-PEN", "PEN", 3, 1)])),
        order("2026-03-27T10:00:00Z", json!([item("p-MUG", "MUG", 2, 1)])),
        order("2026-03-29T00:00:00Z", json!([item("p-MUG", "MUG", 5, 1), item("p-MUG", "MUG", "7", 1)])),
        order("2026-03-30T00:00:00Z", json!([item("p-PEN", "PEN", 100, 1)])),
    ])
    .await;
    let (acme, asked) = (tenant("acme"), shop.asked("2026-03-28", "2026-03-30", "UTC", Interval::Day).await);
    let day = Span::parse("1d").unwrap();
    let inventory = shop.database.store.inventory(&shop.scope(&acme, &asked), &day, 10).await.unwrap();
    insta::assert_snapshot!(lines(&inventory.low_stock), @r#"
    {"product_id":"p-MUG","variant_id":null,"sku":"MUG","location_id":"k","count":1}
    {"product_id":"p-TEA","variant_id":null,"sku":"TEA","location_id":"k","count":1}
    "#);
    insta::assert_snapshot!(lines(&inventory.out_of_stock), @r#"{"product_id":"p-MUG","variant_id":null,"sku":"MUG","location_id":"k","count":1}"#);
    // The mug's took two days.
    insta::assert_snapshot!(lines(&[&inventory.restock]), @r#"{"count":2,"p50_seconds":172800.0,"mean_seconds":86400.75}"#);
    // Mugs: 2 at first, 48 in the end. Nobody knows how much tea there was.
    insta::assert_snapshot!(lines(&inventory.turnover), @r#"
    {"sku":"MUG","units_sold":12,"average_quantity":25.0,"turnover":0.48}
    {"sku":"INK","units_sold":0,"average_quantity":0.0,"turnover":null}
    {"sku":"PEN","units_sold":0,"average_quantity":5.0,"turnover":0.0}
    {"sku":"TEA","units_sold":0,"average_quantity":null,"turnover":null}
    "#);
    insta::assert_snapshot!(lines(&inventory.dead_stock), @r#"
    {"sku":"TEA","quantity":30,"last_sold_at":null}
    {"sku":"PEN","quantity":5,"last_sold_at":"2026-01-02T00:00:00.000Z"}
    "#);
    // Sold at the very day before the end: not dead. For longer, neither is.
    let inventory = shop
        .database
        .store
        .inventory(&shop.scope(&acme, &asked), &Span::parse("100d").unwrap(), 1)
        .await
        .unwrap();
    insta::assert_snapshot!(lines(&inventory.dead_stock), @r#"{"sku":"TEA","quantity":30,"last_sold_at":null}"#);
    assert_eq!((inventory.turnover.len(), inventory.low_stock.len()), (1, 1));
}

#[tokio::test]
async fn dead_stock_is_counted_back_from_now_while_the_range_goes_on() {
    let shop = Shop::with(vec![
        stock("2026-03-01T00:00:00Z", "restocked", "MUG", "k", &json!(4)),
        stock("2026-03-01T00:00:00Z", "restocked", "PEN", "k", &json!(3)),
        order("2026-03-28T12:00:00Z", json!([item("p-MUG", "MUG", 1, 1)])),
        order("2026-03-28T11:59:59.999Z", json!([item("p-PEN", "PEN", 1, 1)])),
    ])
    .await;
    let shop = Shop { now: time("2026-03-29T12:00:00Z"), ..shop };
    let acme = tenant("acme");
    let dead = async |to| {
        let asked = shop.asked("2026-03-28", to, "UTC", Interval::Day).await;
        let day = Span::parse("1d").unwrap();
        let inventory = shop.database.store.inventory(&shop.scope(&acme, &asked), &day, 10).await.unwrap();
        inventory.dead_stock.into_iter().map(|row| row.sku).collect::<Vec<_>>()
    };
    assert_eq!(dead("2026-03-31").await, ["PEN"], "the mug was sold a day before now");
    assert_eq!(dead("2026-03-29T12:00:00Z").await, ["PEN"]);
    assert_eq!(dead("2026-03-29").await, [""; 0]);
}
