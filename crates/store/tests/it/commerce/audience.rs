//! When and where events happen, and how well.

use model::{Content, JsonText, Latency};
use serde_json::json;
use store::Interval;

use super::{Shop, event, lines};
use crate::database::tenant;

#[tokio::test]
async fn hours_of_the_week_are_local() {
    let at = |at: &str, user: &str| event(at, user, "seen", json!(null));
    let shop = Shop::with(vec![
        // Sunday 25 October 2026: two o'clock comes twice in Berlin.
        at("2026-10-25T00:30:00Z", "u-1"),
        at("2026-10-25T01:30:00Z", "u-2"),
        at("2026-10-25T01:45:00Z", ""),
        at("2026-10-25T23:30:00Z", "u-1"),
    ])
    .await;
    let heatmap = async |zone| {
        let (acme, asked) =
            (tenant("acme"), shop.asked("2026-10-24", "2026-10-27", zone, Interval::Day).await);
        lines(&shop.database.store.heatmap(&shop.scope(&acme, &asked)).await.unwrap().data)
    };
    insta::assert_snapshot!(heatmap("Europe/Berlin").await, @r#"
    {"weekday":1,"hour":0,"users":1,"events":1}
    {"weekday":7,"hour":2,"users":2,"events":3}
    "#);
    insta::assert_snapshot!(heatmap("Asia/Kolkata").await, @r#"
    {"weekday":1,"hour":5,"users":1,"events":1}
    {"weekday":7,"hour":6,"users":1,"events":1}
    {"weekday":7,"hour":7,"users":1,"events":2}
    "#);
}

#[tokio::test]
async fn operations_are_rates_and_percentiles_by_bucket() {
    let at = |at: &str, error: &str, latency: f64| {
        let (at, content) = event(at, "u-1", "seen", json!(null));
        (
            at,
            Content {
                error: error.to_owned().into(),
                latency: Latency::from_millis(latency).unwrap(),
                ..content
            },
        )
    };
    let shop = Shop::with(vec![
        at("2026-10-24T23:00:00Z", "", 30.0),
        at("2026-10-25T00:30:00Z", "timeout", 10.0),
        at("2026-10-25T01:30:00Z", "", 20.0),
        at("2026-10-25T01:40:00Z", "", 0.0),
        at("2026-10-25T03:00:00Z", "timeout", 0.0),
    ])
    .await;
    let (acme, asked) = (
        tenant("acme"),
        shop.asked("2026-10-25T01:00:00+02:00", "2026-10-25T04:30:00+01:00", "Europe/Berlin", Interval::Hour)
            .await,
    );
    let operations =
        shop.database.store.operations(&shop.scope(&acme, &asked), &asked.grid).await.unwrap().data;
    insta::assert_snapshot!(lines(&operations.buckets), @r#"
    {"start":"2026-10-25T01:00:00+02:00","events":1,"errors":0,"error_rate":0.0,"response_time_p50":30.0,"response_time_p95":30.0,"n":1}
    {"start":"2026-10-25T02:00:00+02:00","events":1,"errors":1,"error_rate":1.0,"response_time_p50":10.0,"response_time_p95":10.0,"n":1}
    {"start":"2026-10-25T02:00:00+01:00","events":2,"errors":0,"error_rate":0.0,"response_time_p50":20.0,"response_time_p95":20.0,"n":1}
    {"start":"2026-10-25T03:00:00+01:00","events":0,"errors":0,"error_rate":null,"response_time_p50":null,"response_time_p95":null,"n":0}
    {"start":"2026-10-25T04:00:00+01:00","events":1,"errors":1,"error_rate":1.0,"response_time_p50":null,"response_time_p95":null,"n":0}
    "#);
    insta::assert_snapshot!(lines(&operations.peak_hours), @r#"
    {"hour":1,"events":1}
    {"hour":2,"events":3}
    {"hour":4,"events":1}
    "#);
}

#[tokio::test]
async fn places_are_those_of_the_properties_else_of_the_context() {
    let at = |user: &str, properties, context: &str| {
        let (at, content) = event("2026-10-25T12:00:00Z", user, "seen", properties);
        (at, Content { context: JsonText::from_stored(context.to_owned()).unwrap(), ..content })
    };
    let berlin = r#"{"location":{"country":"DE","city":"Berlin"}}"#;
    let shop = Shop::with(vec![
        at("u-1", json!({"location": {"country": "DE", "city": "Köln"}}), berlin),
        at("u-1", json!({"location": {"country": "DE", "city": "Köln"}}), ""),
        at("u-2", json!({"location": {"city": "Köln"}}), berlin),
        at("u-2", json!({"location": {"country": null}}), berlin),
        at("", json!(null), berlin),
        at("u-2", json!({"location": "DE"}), ""),
        at("u-2", json!(null), r#"{"country":"DE"}"#),
    ])
    .await;
    let (acme, asked) = (tenant("acme"), shop.asked("2026-10-25", "2026-10-26", "UTC", Interval::Day).await);
    let places =
        async |limit| lines(&shop.database.store.geography(&shop.scope(&acme, &asked), limit).await.unwrap());
    insta::assert_snapshot!(places(10).await, @r#"
    {"country":"DE","city":"Berlin","users":1,"events":2}
    {"country":"DE","city":"Köln","users":1,"events":2}
    {"country":null,"city":"Köln","users":1,"events":1}
    "#);
    assert_eq!(places(1).await.lines().count(), 1);
}
