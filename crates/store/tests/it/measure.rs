//! What metrics come to, on an engine, by an independent count.

use model::{Content, EventKey, JsonText, Latency};
use serde_json::json;
use store::queries::Measure;
use store::{Filters, Metric, Range, Scope};

use crate::database::{Database, created, id_at, scope, tenant, time, updated};

fn key(at: &str) -> EventKey {
    EventKey { tenant: tenant("acme"), id: id_at(at) }
}

fn event(user: &str, anonymous: &str, error: &str, latency: f64, properties: &str) -> Content<'static> {
    Content {
        user_id: user.to_owned().into(),
        anonymous_id: anonymous.to_owned().into(),
        conversation_id: user.to_owned().into(),
        error: error.to_owned().into(),
        latency: Latency::from_millis(latency).unwrap(),
        properties: JsonText::from_stored(properties.to_owned()).unwrap(),
        ..Content::default()
    }
}

async fn measured(
    database: &Database,
    metric: serde_json::Value,
    filters: serde_json::Value,
) -> (u64, Option<f64>) {
    let measure = measure(database, metric, filters).await;
    (measure.events, measure.value)
}

async fn measure(database: &Database, metric: serde_json::Value, filters: serde_json::Value) -> Measure {
    let (acme, filters) = (tenant("acme"), serde_json::from_value::<Filters>(filters).unwrap());
    let to = time("2026-11-20T12:00:00Z");
    let range = Range::new(time("2026-11-20T11:00:00Z"), to, to).unwrap();
    let scope = Scope { filters: &filters, ..scope(&database.store, &acme, range) };
    let metric: Metric = serde_json::from_value(metric).unwrap();
    database.store.measure(&scope, &metric).await.unwrap_or_else(|error| panic!("{}", error.detail()))
}

#[tokio::test]
async fn each_metric_is_what_it_is_defined_to_be() {
    let database = Database::new().await;
    let at = |minute: u32| key(&format!("2026-11-20T11:{minute:02}:00Z"));
    let changed = at(4);
    database
        .insert_apart(&[
            created(
                &at(0),
                1,
                event("u-1", "a-1", "", 10.0, r#"{"price":2.5,"sizes":[1,"2","x"],"huge":"1e999"}"#),
            ),
            created(&at(1), 2, event("", "a-1", "", 40.0, r#"{"price":"4"}"#)),
            // A user whose id looks like an anonymous one's name, and a latency that was not measured.
            created(&at(2), 3, event("anon:a-1", "", "timeout", 0.0, r#"{"price":"4.0 EUR"}"#)),
            created(&at(3), 4, event("", "", "timeout", 20.0, "")),
            created(&changed, 5, event("u-9", "", "timeout", 30.0, r#"{"price":100}"#)),
            updated(&changed, 6, event("u-1", "", "", 30.0, r#"{"price":-1e1}"#)),
            created(&key("2026-11-20T12:00:00Z"), 7, event("u-2", "", "timeout", 99.0, r#"{"price":9}"#)),
            created(&EventKey { tenant: tenant("globex"), id: at(0).id }, 8, event("u-3", "", "", 99.0, "")),
        ])
        .await;
    let values = async |metric| measure(&database, metric, json!([])).await.values;
    assert_eq!(values(json!("latency_p95")).await, Some(4));
    assert_eq!(values(json!({"p95": "properties.price"})).await, Some(3));
    assert_eq!(values(json!("error_rate")).await, None);
    for (metric, value) in [
        (json!("events"), Some(5.0)),
        // u-1, and one that both others are taken for.
        (json!("users"), Some(2.0)),
        (json!("conversations"), Some(2.0)),
        (json!("errors"), Some(2.0)),
        (json!("error_rate"), Some(0.4)),
        // 10, 20, 30, 40: the one at ⌊q·4⌋.
        (json!("latency_p50"), Some(30.0)),
        (json!("latency_p95"), Some(40.0)),
        (json!({"sum": "properties.price"}), Some(-3.5)),
        (json!({"avg": "latency"}), Some(25.0)),
        (json!({"min": "properties.price"}), Some(-10.0)),
        (json!({"max": "properties.price"}), Some(4.0)),
        (json!({"p95": "properties.price"}), Some(4.0)),
        (json!({"sum": "properties.sizes"}), Some(3.0)),
        (json!({"distinct": "properties.sizes"}), Some(3.0)),
        (json!({"distinct": "error"}), Some(1.0)),
        (json!({"sum": "properties.none"}), Some(0.0)),
        (json!({"avg": "properties.none"}), None),
        (json!({"sum": "properties.huge"}), Some(0.0)),
        (json!({"max": "properties.huge"}), None),
        (json!({"p95": "properties.none"}), None),
    ] {
        assert_eq!(measured(&database, metric.clone(), json!([])).await, (5, value), "{metric}");
    }
}

#[tokio::test]
async fn of_nothing_a_count_is_0_and_a_rate_is_none() {
    let database = Database::new().await;
    database
        .store
        .insert(&[created(&key("2026-11-20T11:30:00Z"), 1, event("u-1", "", "", 5.0, ""))])
        .await
        .unwrap();
    let nothing = json!([{"field": "error", "op": "set"}]);
    for (metric, value) in [
        ("events", Some(0.0)),
        ("users", Some(0.0)),
        ("errors", Some(0.0)),
        ("error_rate", None),
        ("latency_p99", None),
    ] {
        assert_eq!(measured(&database, json!(metric), nothing.clone()).await, (0, value), "{metric}");
    }
}
