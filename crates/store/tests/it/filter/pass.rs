//! Filters of operations on their way.

use model::{Content, Event, EventKey, JsonText, Latency, Operation, Patch, Source, Text, Timestamp};
use serde_json::{Value, json};
use store::Filters;

use super::{found, key};
use crate::database::{Database, created};

/// The operation that creates the event which a row of the tests stands for.
pub(super) fn create(key: &EventKey, content: Content<'static>) -> Operation<'static> {
    let at = key.id.created_at();
    let EventKey { tenant, id } = key.clone();
    let source = Source::Native;
    Operation::Create(Box::new(Event { tenant, id, received_at: at, updated_at: at, source, content }))
}

fn passes(filters: &Value, operation: &Operation<'_>) -> bool {
    serde_json::from_value::<Filters>(filters.clone()).unwrap().pass(operation)
}

fn json_text(text: &str) -> JsonText<'static> {
    JsonText::from_stored(text.to_owned()).unwrap()
}

/// What no random event has: names with points or twice, numbers at the ends of what there is, odd cases.
#[tokio::test]
async fn odd_values_pass_where_the_table_finds_them() {
    let database = Database::new().await;
    let objects = [
        r#"{"a.b":1}"#,
        r#"{"a":{"b":1}}"#,
        r#"{"a":{"c":2},"a.b":1}"#,
        r#"{"a":{"b":{"c":1}},"x":{"a":{"b":1}}}"#,
        r#"{"a":[{"b":1},1,[1],null,"1",true]}"#,
        r#"{"a":-0,"b":-0.0,"c":0}"#,
        r#"{"a":1.0,"b":1E+2,"c":1e-9,"d":1180591620717411303424}"#,
        r#"{"a":"1e999","b":"-1e999","c":"1e15","d":1e15}"#,
        r#"{"a":9223372036854775807,"b":9223372036854775808,"c":18446744073709551615,"d":-9223372036854775808}"#,
        r#"{"a":0.1,"b":0.30000000000000004,"c":1.7976931348623157e308,"d":5e-324}"#,
        r#"{"a":"\u00e9\n\"x\"","b":"\u03a3\u03a3","c":"2026-11-20","d":"2026-11-20 12:00:00"}"#,
        r#"{"a":true,"b":"true","c":null,"d":""}"#,
    ];
    let rows: Vec<_> = objects
        .iter()
        .map(|object| {
            let object = json_text(object);
            let user_id = "ΟΔΥΣΣΕΥΣ İ".to_owned().into();
            (key(), Content { properties: object.clone(), context: object, user_id, ..Content::default() })
        })
        .collect();
    let inserted: Vec<_> =
        (0..).zip(&rows).map(|(n, (key, content))| created(key, n, content.clone())).collect();
    database.store.insert(&inserted).await.unwrap();

    let values = [
        json!(1),
        json!("1"),
        json!(0),
        json!("-0"),
        json!(-0.0),
        json!(100),
        json!("1E+2"),
        json!(1e-9),
        json!(1e15),
        json!("1e15"),
        json!(1e20),
        json!(1_180_591_620_717_411_303_424.0),
        json!(i64::MAX),
        json!(u64::MAX),
        json!("9223372036854775808"),
        json!(0.1),
        json!(0.3),
        json!("1e999"),
        json!(5e-324),
        json!("é\n"),
        json!("Σς"),
        json!("σς"),
        json!("2026-11-20"),
        json!("12:00:00"),
        json!(true),
        json!("ODY"),
        json!("οδυσσευς"),
        json!("i̇"),
        json!("null"),
    ];
    let paths = ["a", "b", "c", "d", "a.b", "a.c", "a.b.c", "x.a.b"];
    let of = |column: &str| paths.map(|path| format!("{column}.{path}"));
    let fields = ["user_id".to_owned()].into_iter().chain(of("properties")).chain(of("context"));
    let mut asked = Vec::new();
    for field in fields {
        asked.push(json!([{"field": field, "op": "set"}]));
        for op in ["is", "contains", "starts_with", "gt", "lte"] {
            asked.extend(values.iter().map(|value| json!([{"field": field, "op": op, "values": [value]}])));
        }
    }
    // A text where a number is needed is refused.
    asked.retain(|filters| serde_json::from_value::<Filters>(filters.clone()).is_ok());
    let (mut hits, mut wrong) = (0, Vec::new());
    for filters in &asked {
        let found = found(&database, filters).await;
        hits += found.len();
        for (key, content) in &rows {
            let is_found = found.contains(&key.id.to_string());
            if passes(filters, &create(key, content.clone())) != is_found {
                wrong.push(format!("{filters} of {}: {is_found} in the table", content.properties.as_str()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(hits > 500, "{hits}");
}

#[test]
fn a_change_passes_unless_a_filter_of_a_field_that_it_carries_fails() {
    let update = |patch| Operation::Update { key: key(), at: Timestamp::now(), patch: Box::new(patch) };
    let is = |field: &str, value: &str| json!({"field": field, "op": "is", "values": [value]});
    let text = |text: &'static str| Some(Text::from(text));
    let changed = update(Patch {
        event_name: text("a"),
        latency: Latency::from_millis(5.0),
        tags: Some(vec!["x".into()]),
        properties: Some(json_text(r#"{"n":1}"#)),
        ..Patch::default()
    });
    for (filter, expected) in [
        (is("event_name", "a"), true),
        (is("event_name", "b"), false),
        (is("user_id", "u"), true),
        (json!({"field": "user_id", "op": "not_set"}), true),
        (is("source", "segment"), true),
        (is("tags", "x"), true),
        (is("tags", "y"), false),
        (json!({"field": "latency", "op": "gt", "values": [4]}), true),
        (json!({"field": "latency", "op": "gt", "values": [5]}), false),
        (is("properties.n", "1"), true),
        (is("properties.m", "1"), false),
        (is("context.m", "1"), true),
    ] {
        assert_eq!(passes(&json!([filter]), &changed), expected, "{filter}");
    }
    assert!(!passes(&json!([is("event_name", "a"), is("tags", "y")]), &changed));

    let deleted = Operation::Delete { key: key(), at: Timestamp::now() };
    for filter in [is("event_name", "b"), json!({"field": "error", "op": "set"}), is("user", "u")] {
        assert!(passes(&json!([filter]), &deleted), "{filter}");
    }

    let of = |user_id, anonymous_id| update(Patch { user_id, anonymous_id, ..Patch::default() });
    for (changed, expected) in [
        (of(text("u"), None), true),
        (of(text("v"), None), false),
        (of(text("v"), text("a")), false),
        // Who it is of then depends on what the event says already.
        (of(None, text("a")), true),
        (of(text(""), None), true),
        (of(text(""), text("a")), false),
        (of(text(""), text("")), false),
    ] {
        assert_eq!(passes(&json!([is("user", "u")]), &changed), expected, "{changed:?}");
    }
    assert!(passes(&json!([is("user", "anon:a")]), &of(text(""), text("a"))));
}
