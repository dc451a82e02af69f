//! Random JSON.

use proptest::prelude::*;
use serde_json::{Map, Value};

/// Any value, its names made by one expression.
pub(crate) fn value(names: &'static str) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        // What would be mended elsewhere, or breaks a string.
        r#"[\\",: ]?(NaN|[-+]?Infinity|\\\\ud83d)?[\\",\]}: ]?"#.prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            members(names, inner).prop_map(Value::Object),
        ]
    })
}

/// An object's members.
pub(crate) fn members(
    names: &'static str,
    value: impl Strategy<Value = Value>,
) -> impl Strategy<Value = Map<String, Value>> {
    proptest::collection::hash_map(names, value, 0..5).prop_map(|members| members.into_iter().collect())
}
