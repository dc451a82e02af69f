//! What events say, on an engine.

use model::{Content, EventKey, JsonText, Kind, Latency};
use serde_json::json;
use store::queries::{EventName, FieldType, KnownField, KnownValue};
use store::{Field, Range};

use crate::database::{Database, created, id_at, scope, tenant, time};

fn row(of: &str, content: Content<'static>) -> (EventKey, model::Stored<'static>) {
    created(&EventKey { tenant: tenant(of), id: id_at("2026-11-20T12:00:00Z") }, 1, content)
}

fn named(name: &str) -> Content<'static> {
    Content { event_name: name.to_owned().into(), kind: Kind::Track, ..Content::default() }
}

fn json_text(value: &serde_json::Value) -> JsonText<'static> {
    JsonText::from_stored(value.to_string()).unwrap()
}

fn day() -> Range {
    let to = time("2026-11-21T00:00:00Z");
    Range::new(time("2026-11-20T00:00:00Z"), to, to).unwrap()
}

#[tokio::test]
async fn names_columns_and_paths_are_known_with_their_types_and_examples() {
    let database = Database::new().await;
    let order = Content {
        user_id: "ada".into(),
        latency: Latency::from_millis(12.5).unwrap(),
        tags: vec!["vip".into()],
        properties: json_text(&json!({
            "total": 64.5, "note": null, "empty": {}, "gift": true, "items": [{"sku": "a"}],
            "customer": {"address": {"geo": {"lat": 52.5, "too": {"deep": 1}}}}, "b`d": 1, "mixed": 1, "": 2,
        })),
        context: json_text(&json!({"library": {"name": "analytics.js"}})),
        ..named("order")
    };
    let mixed = Content { properties: json_text(&json!({"mixed": "x".repeat(300)})), ..named("order") };
    let rows =
        [row("acme", named("visit")), row("acme", order), row("acme", mixed), row("globex", named("other"))];
    database.store.insert(&rows).await.unwrap();
    let acme = tenant("acme");
    let schema = database.store.schema(&scope(&database.store, &acme, day())).await;
    let schema = schema.unwrap_or_else(|error| panic!("{}", error.detail()));

    let name = |name: &str, events| EventName { name: name.to_owned(), events };
    assert_eq!(schema.event_names, [name("order", 2), name("visit", 1)]);
    let field = |field: &str, r#type, example: Option<&str>| KnownField {
        field: field.to_owned(),
        r#type,
        example: example.map(str::to_owned),
    };
    let (columns, paths) = schema.fields.split_at(15);
    let of = |name: &str| columns.iter().find(|column| column.field == name).unwrap().clone();
    assert_eq!(of("event_name"), field("event_name", FieldType::Text, Some("order")));
    assert_eq!(of("user"), field("user", FieldType::Text, Some("ada")));
    assert_eq!(of("latency"), field("latency", FieldType::Number, Some("12.5")));
    assert_eq!(of("tags"), field("tags", FieldType::List, Some("vip")));
    assert_eq!(of("error"), field("error", FieldType::Text, None));
    let mixed = paths.iter().find(|path| path.field == "properties.mixed").unwrap();
    assert_eq!(mixed.r#type, FieldType::Mixed);
    let mut others: Vec<_> = paths.iter().filter(|path| path.field != "properties.mixed").cloned().collect();
    others.sort_by(|a, b| a.field.cmp(&b.field));
    assert_eq!(
        others,
        [
            field("context.library.name", FieldType::Text, Some("analytics.js")),
            field("properties.customer.address.geo.lat", FieldType::Number, Some("52.5")),
            field("properties.gift", FieldType::Boolean, Some("true")),
            field("properties.items", FieldType::List, Some(r#"[{"sku":"a"}]"#)),
            field("properties.total", FieldType::Number, Some("64.5")),
        ]
    );
}

#[tokio::test]
async fn the_values_of_a_field_begin_as_they_should() {
    let database = Database::new().await;
    let tagged = |tags: &[&'static str]| Content {
        tags: tags.iter().map(|tag| (*tag).into()).collect(),
        properties: json_text(&json!({"n": tags.len()})),
        ..named("a")
    };
    let long = "x".repeat(1_025);
    let rows = [
        row("acme", tagged(&["berlin", "berlin", "bern"])),
        row("acme", tagged(&["bern", "Bern", "paris", "b%_"])),
        row("acme", Content { tags: vec![long.into()], ..named("a") }),
        row("globex", tagged(&["bern"])),
    ];
    database.store.insert(&rows).await.unwrap();
    let acme = tenant("acme");
    let values = async |field: &str, prefix: &str| {
        let field = Field::parse(field).unwrap();
        let scope = scope(&database.store, &acme, day());
        let values = database.store.values(&scope, &field, prefix).await;
        values.unwrap_or_else(|error| panic!("{}", error.detail()))
    };
    let value = |value: &str, events| KnownValue { value: value.to_owned(), events };
    assert_eq!(
        values("tags", "").await,
        [value("bern", 2), value("Bern", 1), value("b%_", 1), value("berlin", 1), value("paris", 1)]
    );
    assert_eq!(values("tags", "be").await, [value("bern", 2), value("berlin", 1)]);
    assert_eq!(values("tags", "b%").await, [value("b%_", 1)]);
    assert_eq!(values("properties.n", "").await, [value("3", 1), value("4", 1)]);
    assert_eq!(values("latency", "").await, []);
}
