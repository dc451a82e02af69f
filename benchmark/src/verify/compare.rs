//! An event as it was sent, and as it came back.

use serde_json::{Map, Value};

/// The first field that came back otherwise than it was sent. Fields that were not sent may hold anything.
pub(super) fn difference(sent: &Map<String, Value>, returned: &Map<String, Value>) -> Option<String> {
    sent.iter().find_map(|(field, sent)| {
        let returned = returned.get(field).unwrap_or(&Value::Null);
        (!same(sent, returned)).then(|| format!("{field} is {} in place of {}", short(returned), short(sent)))
    })
}

/// Numbers may be written in another way, and those of vectors are kept with the precision of 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "compared as they are kept")]
fn same(sent: &Value, returned: &Value) -> bool {
    match (sent, returned) {
        (Value::Number(sent), Value::Number(returned)) => {
            sent == returned || sent.as_f64().map(|n| n as f32) == returned.as_f64().map(|n| n as f32)
        }
        (Value::Array(sent), Value::Array(returned)) => {
            sent.len() == returned.len()
                && sent.iter().zip(returned).all(|(sent, returned)| same(sent, returned))
        }
        _ => sent == returned,
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 { text } else { text.chars().take(60).chain("…".chars()).collect() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compare(sent: &Value, returned: &Value) -> Option<String> {
        difference(sent.as_object().unwrap(), returned.as_object().unwrap())
    }

    #[test]
    fn numbers_are_compared_as_they_are_kept_and_fields_not_sent_left_alone() {
        let sent = json!({"latency": 3, "input_embeddings": [0.012_345_678, 1], "tags": []});
        let returned =
            json!({"latency": 3.0, "input_embeddings": [0.012_345_678_f32, 1.0], "tags": [], "x": 1});
        assert_eq!(compare(&sent, &returned), None);
    }

    #[test]
    fn the_field_that_differs_is_named() {
        for (sent, returned, named) in [
            (json!({"a": "1"}), json!({"a": "2"}), r#"a is "2" in place of "1""#),
            (json!({"a": 1}), json!({}), "a is null in place of 1"),
            (json!({"a": [1.0]}), json!({"a": [1.0, 2.0]}), "a is [1.0,2.0] in place of [1.0]"),
            (json!({"a": 0.5}), json!({"a": 0.25}), "a is 0.25 in place of 0.5"),
        ] {
            assert_eq!(compare(&sent, &returned).as_deref(), Some(named));
        }
        let long = compare(&json!({"a": ""}), &json!({"a": "é".repeat(1_000)})).unwrap();
        assert!(long.len() < 200);
    }
}
