//! Events and filters of few words, so that they often meet.

use model::{Content, JsonText, Kind, Latency};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::Row;

const TEXTS: [&str; 44] = [
    "",
    "a",
    "A",
    "ab",
    "Abc",
    "b",
    "é",
    "É",
    "ÀÉ",
    "straße",
    "STRASSE",
    "日本",
    "😀",
    "5",
    "5.0",
    "5e0",
    "05",
    "-5",
    "+5",
    " 5",
    "2.50",
    "0.1",
    "1e2",
    "100",
    "12345678901234567",
    "12345678901234568",
    "true",
    "null",
    "[]",
    "[1]",
    "{}",
    "it's",
    "\"q\"",
    "b\\s",
    "\\",
    "'",
    "`",
    "%",
    "a_c",
    "a\tb",
    "a\nb",
    "') OR 1=1 --",
    "anon:a",
    "?",
];

const NAMES: [&str; 11] = ["a", "b", "c", "ü", "it's", "b\\s", "q\"q", "a b", "^c", "$", "0"];

const COLUMNS: [&str; 15] = [
    "event_name",
    "source",
    "kind",
    "conversation_id",
    "user_id",
    "anonymous_id",
    "user",
    "message_id",
    "error",
    "latency",
    "input",
    "output",
    "tags",
    "subjects",
    "trace_ids",
];

const OPS: [&str; 11] =
    ["is", "is_not", "contains", "not_contains", "starts_with", "gt", "gte", "lt", "lte", "set", "not_set"];

const LATENCIES: [f64; 6] = [0.0, 0.1, 2.5, 5.0, 100.0, 12_345.678];

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![6 => prop::sample::select(&TEXTS[..]).prop_map(str::to_owned), 1 => "\\PC{0,5}"]
}

fn numbers() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        json!(0),
        json!(5),
        json!(5.0),
        json!(-5),
        json!(2.5),
        json!(0.1),
        json!(100),
        json!(1e2),
        json!(99.999),
        json!(1.5e-7),
        json!(1e20),
        json!(1e21),
        json!(12_345_678_901_234_567_i64),
        json!(12_345_678_901_234_568_u64),
        json!(u64::MAX),
        json!(i64::MIN),
        json!("5.0"),
        json!("-5"),
    ])
}

fn scalars() -> impl Strategy<Value = Value> {
    prop_oneof![4 => texts().prop_map(Value::from), 3 => numbers(), 1 => any::<bool>().prop_map(Value::from), 1 => Just(Value::Null)]
}

/// Whether a list may hold it: the column of properties may keep the numbers of a list as floats.
fn is_short(value: &Value) -> bool {
    value.as_f64().is_none_or(|number| number.abs() < 1e15)
}

fn objects() -> impl Strategy<Value = Value> {
    let name = || prop::sample::select(&NAMES[..]).prop_map(str::to_owned);
    let leaf = prop_oneof![4 => scalars(), 2 => vec(scalars().prop_filter("a long number", is_short), 0..4).prop_map(Value::from)];
    let any = leaf.prop_recursive(3, 12, 4, move |inner| {
        prop_oneof![
            3 => btree_map(name(), inner.clone(), 0..4).prop_map(|map| map.into_iter().collect()),
            1 => vec(inner.prop_filter("a long number", is_short), 0..3).prop_map(Value::from),
        ]
    });
    btree_map(name(), any, 0..6).prop_map(|map| map.into_iter().collect())
}

/// Events.
pub(crate) fn rows() -> impl Strategy<Value = Row> {
    let kinds = prop::sample::select(vec![Kind::Event, Kind::Track, Kind::Page]);
    let lists = || vec(texts(), 0..3);
    let columns = (vec(texts(), 8), kinds, prop::sample::select(&LATENCIES[..]), lists(), lists(), lists());
    (columns, objects(), objects()).prop_map(
        |((texts, kind, latency, tags, subjects, trace_ids), properties, context)| {
            let text = |n: usize| texts[n].clone().into();
            let list = |texts: Vec<String>| texts.into_iter().map(Into::into).collect();
            let stored = |json: &Value| JsonText::from_stored(json.to_string()).unwrap();
            let content = Content {
                kind,
                event_name: text(0),
                message_id: text(1),
                conversation_id: text(2),
                user_id: text(3),
                anonymous_id: text(4),
                error: text(5),
                input: text(6),
                output: text(7),
                latency: Latency::from_millis(latency).unwrap(),
                tags: list(tags),
                subjects: list(subjects),
                trace_ids: list(trace_ids),
                properties: stored(&properties),
                context: stored(&context),
                ..Content::default()
            };
            Row { content, properties, context }
        },
    )
}

fn fields() -> impl Strategy<Value = String> {
    let path = vec(prop::sample::select(&NAMES[..]), 1..4).prop_map(|names| names.join("."));
    let column = prop::sample::select(&COLUMNS[..]).prop_map(str::to_owned);
    let of = prop::sample::select(vec!["properties", "context"]);
    prop_oneof![1 => column, 1 => (of, path).prop_map(|(of, path)| format!("{of}.{path}"))]
}

/// Lists of filters that can be meant.
pub(crate) fn filters() -> impl Strategy<Value = Value> {
    let filter = (fields(), prop::sample::select(&OPS[..]), vec(scalars(), 1..4), vec(numbers(), 1..3));
    let filter = filter.prop_map(|(field, op, values, numbers)| {
        let of_number = field == "latency" || ["gt", "gte", "lt", "lte"].contains(&op);
        let values = if of_number { numbers } else { values };
        json!({"field": field, "op": op, "values": values})
    });
    let filter = filter.prop_filter_map("it can't be meant", |mut filter| {
        let op = filter["op"].as_str().unwrap().to_owned();
        if ["set", "not_set"].contains(&op.as_str()) {
            filter.as_object_mut().unwrap().remove("values");
        } else if filter["field"] == "latency" && (op.contains("contains") || op == "starts_with") {
            return None;
        }
        let values = filter.get("values").and_then(Value::as_array);
        let plain = |value: &Value| !value.is_null() && value != "";
        values.is_none_or(|values| values.iter().all(plain)).then_some(filter)
    });
    vec(filter, 1..3).prop_map(Value::from)
}
