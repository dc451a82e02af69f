//! `/schema`

use serde_json::{Value, json};
use testing::wait::until;

use crate::harness::events::{DAY_MS, ago, event};
use crate::harness::{App, PATIENCE};

fn field(schema: &Value, name: &str) -> Value {
    let fields = schema["fields"].as_array().unwrap();
    fields.iter().find(|field| field["field"] == name).cloned().unwrap_or_default()
}

#[tokio::test]
async fn names_fields_and_values_of_the_last_day_are_told() {
    let app = App::start().await;
    app.create_all(&[
        event(json!({"event_name": "event_b", "properties": {"plan": "pro", "price": 2.50}})),
        event(json!({"properties": {"plan": "free"}})),
        event(json!({"properties": {"plan": "free"}})),
        event(json!({"properties": {"old": 1}, "timestamp": ago(DAY_MS + 60_000).to_string()})),
    ])
    .await;
    let schema = app.get("/schema").await.data();
    assert_eq!(
        schema["event_names"],
        json!([{"name": "event_a", "events": 2}, {"name": "event_b", "events": 1}])
    );
    let price = json!({"field": "properties.price", "type": "number", "example": "2.5"});
    let known = field(&schema, "properties.price");
    assert_eq!(
        (&known["type"], known["example"].as_str().unwrap().parse::<f64>()),
        (&price["type"], Ok(2.5))
    );
    assert_eq!(field(&schema, "user_id"), json!({"field": "user_id", "type": "text", "example": null}));
    assert_eq!(field(&schema, "properties.old"), Value::Null);

    let values = app.get("/schema/values?field=properties.plan").await.data();
    assert_eq!(values, json!([{"value": "free", "events": 2}, {"value": "pro", "events": 1}]));
    let values = app.get("/schema/values?field=event_name&prefix=event_b").await.data();
    assert_eq!(values, json!([{"value": "event_b", "events": 1}]));
    let of_others = app.tenant("globex").get("/schema").await.data();
    assert_eq!(of_others["event_names"], json!([]));
    app.get("/schema/values").await.refuses(400, "missing_field", "field query parameter is required");
    let unknown = app.get("/schema/values?field=plan").await.json();
    assert!(unknown["error"].as_str().unwrap().starts_with("unknown field \"plan\""), "{unknown}");
    let long = format!("/schema/values?field=user&prefix={}", "x".repeat(1_025));
    app.get(&long).await.refuses(400, "invalid_field", "prefix must be at most 1024 bytes");
}

#[tokio::test]
async fn an_answer_is_kept_for_a_while() {
    let app = App::start().await;
    let meta = async || {
        // The minute may end in between, but not twice.
        let first = app.get("/schema").await.json();
        let again = app.get("/schema").await.json();
        (first["meta"].clone(), again["meta"].clone())
    };
    until("two answers are of one minute", PATIENCE, async || {
        let (first, again) = meta().await;
        first == again
    })
    .await;
}
