//! What filters mean, in the plainest way.

use serde_json::Value;

use super::Row;

/// Whether all of them hold.
pub(crate) fn holds(filters: &Value, row: &Row) -> bool {
    filters.as_array().unwrap().iter().all(|filter| {
        let (field, op) = (filter["field"].as_str().unwrap(), filter["op"].as_str().unwrap());
        let values = filter.get("values").and_then(Value::as_array).cloned().unwrap_or_default();
        match op {
            "is_not" => !positive(row, field, "is", &values),
            "not_contains" => !positive(row, field, "contains", &values),
            "not_set" => !positive(row, field, "set", &values),
            op => positive(row, field, op, &values),
        }
    })
}

fn positive(row: &Row, field: &str, op: &str, values: &[Value]) -> bool {
    if field == "latency" {
        return latency(row.content.latency.millis(), op, values);
    }
    let texts = texts(row, field);
    let by_number = field.contains('.');
    texts.iter().filter(|text| !text.is_empty()).any(|text| match op {
        "set" => true,
        "is" => values.iter().any(|value| text == &self::text(value) || by_number && equal(text, value)),
        "contains" => {
            values.iter().any(|value| text.to_lowercase().contains(&self::text(value).to_lowercase()))
        }
        "starts_with" => values.iter().any(|value| text.starts_with(&self::text(value))),
        op => number(text).is_some_and(|number| values.iter().any(|value| orders(number, op, value))),
    })
}

/// What it says under a name, as texts of which an empty one is none.
pub(crate) fn texts(row: &Row, field: &str) -> Vec<String> {
    let content = &row.content;
    let one = |text: &str| vec![text.to_owned()];
    let list = |texts: &[model::Text<'_>]| texts.iter().map(|text| (**text).to_owned()).collect();
    match field {
        "event_name" => one(&content.event_name),
        "source" => one("native"),
        "kind" => one(content.kind.as_str()),
        "conversation_id" => one(&content.conversation_id),
        "user_id" => one(&content.user_id),
        "anonymous_id" => one(&content.anonymous_id),
        "user" if !content.user_id.is_empty() => one(&content.user_id),
        "user" if !content.anonymous_id.is_empty() => one(&format!("anon:{}", &*content.anonymous_id)),
        "user" => vec![],
        "message_id" => one(&content.message_id),
        "error" => one(&content.error),
        "input" => one(&content.input),
        "output" => one(&content.output),
        "tags" => list(&content.tags),
        "subjects" => list(&content.subjects),
        "trace_ids" => list(&content.trace_ids),
        path => {
            let (column, path) = path.split_once('.').unwrap();
            let whole = if column == "properties" { &row.properties } else { &row.context };
            at(whole, path)
        }
    }
}

fn latency(latency: f64, op: &str, values: &[Value]) -> bool {
    match op {
        "set" => latency > 0.0,
        "is" => values.iter().any(|value| number(&text(value)) == Some(latency)),
        op => latency > 0.0 && values.iter().any(|value| orders(latency, op, value)),
    }
}

fn orders(number: f64, op: &str, value: &Value) -> bool {
    let value = self::number(&text(value)).unwrap();
    match op {
        "gt" => number > value,
        "gte" => number >= value,
        "lt" => number < value,
        "lte" => number <= value,
        other => panic!("{other}"),
    }
}

/// As numbers, of which none is a long id.
fn equal(text: &str, value: &Value) -> bool {
    let value = self::text(value);
    let is_short =
        |text: &str| text.trim_start_matches('-').split(['.', 'e', 'E']).next().unwrap().len() <= 15;
    match (number(text), number(&value)) {
        (Some(a), Some(b)) => is_short(text) && is_short(&value) && (a - b).abs() < f64::MIN_POSITIVE,
        _ => false,
    }
}

/// The texts at a path.
fn at(whole: &Value, path: &str) -> Vec<String> {
    let mut here = whole;
    for name in path.split('.') {
        match here.as_object().and_then(|object| object.get(name)) {
            Some(value) => here = value,
            None => return vec![],
        }
    }
    match here {
        Value::Array(elements) => elements.iter().map(text).collect(),
        value => vec![text(value)],
    }
}

/// Empty where there is none.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) if number.is_f64() => float(number.as_f64().unwrap()),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
    }
}

fn float(number: f64) -> String {
    if number == 0.0 || (1e-6..1e21).contains(&number.abs()) {
        number.to_string()
    } else {
        format!("{number:e}")
    }
}

pub(crate) fn number(text: &str) -> Option<f64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let value = serde_json::from_str::<Value>(text).ok().filter(|_| is_plain)?;
    value.as_f64()
}
