use super::*;

fn refused(json: &str) -> String {
    let error = serde_json::from_str::<Filters>(json).unwrap_err().to_string();
    // Without the place in the text.
    error.split(" at line ").next().unwrap().to_owned()
}

fn filters(json: &str) -> Filters {
    serde_json::from_str(json).unwrap()
}

#[test]
fn what_can_not_be_meant_is_named() {
    for (json, error) in [
        (
            r#"[{"field":"evnt","op":"is","values":["a"]}]"#,
            "unknown field \"evnt\": it must be one of event_name, source, kind, conversation_id, user_id, \
             anonymous_id, user, message_id, error, latency, input, output, tags, subjects, trace_ids, or a path \
             such as properties.a.b or context.a.b",
        ),
        (
            r#"[{"field":"version","op":"eq","values":["a"]}]"#,
            "unknown field \"version\": it must be one of event_name, source, kind, conversation_id, user_id, \
             anonymous_id, user, message_id, error, latency, input, output, tags, subjects, trace_ids, or a path \
             such as properties.a.b or context.a.b",
        ),
        (
            r#"[{"field":"error","op":"eq","values":["a"]}]"#,
            "unknown op \"eq\": it must be one of is, is_not, contains, not_contains, starts_with, gt, gte, lt, \
             lte, set, not_set",
        ),
        (r#"[{"field":"error","op":"is"}]"#, "error is needs values"),
        (r#"[{"field":"error","op":"not_contains","values":[]}]"#, "error not_contains needs values"),
        (r#"[{"field":"error","op":"set","values":["a"]}]"#, "error set takes no values"),
        (
            r#"[{"field":"error","op":"is","values":[""]}]"#,
            "a value of error is empty: set and not_set tell whether there is one",
        ),
        (
            r#"[{"field":"latency","op":"contains","values":["5"]}]"#,
            "latency is a number: contains is for texts",
        ),
        (r#"[{"field":"latency","op":"is","values":[5,"x"]}]"#, "latency is needs numbers: \"x\" is none"),
        (
            r#"[{"field":"properties.a.b","op":"gte","values":["05"]}]"#,
            "properties.a.b gte needs numbers: \"05\" is none",
        ),
        (
            r#"[{"field":"context.a","op":"lt","values":[true]}]"#,
            "context.a lt needs numbers: \"true\" is none",
        ),
        (
            r#"[{"field":"error","op":"is","values":[null]}]"#,
            "invalid type: null, expected a text, a number or a boolean",
        ),
        (r#"[{"field":"error","op":"is","values":"a"}]"#, "invalid type: string \"a\", expected a sequence"),
        (r#"[{"field":"error","ops":"is"}]"#, "unknown field `ops`, expected one of `field`, `op`, `values`"),
        (r#"[{"op":"is","values":["a"]}]"#, "missing field `field`"),
    ] {
        assert_eq!(refused(json), error, "{json}");
    }
    for path in
        ["properties.", "context.a..b", "properties.a`", "properties.a\\nb", "context..a", "properties.a."]
    {
        let error = refused(&format!(r#"[{{"field":"{path}","op":"set"}}]"#));
        assert!(error.contains("is no path: it must have names between its points"), "{error}");
    }
    let long = format!(r#"[{{"field":"properties.{}","op":"set"}}]"#, "x".repeat(257));
    assert!(refused(&long).contains("is no path") && refused(&long).len() < 300);
    for (no_path, _) in [("properties", ""), ("context", ""), ("propertiesa.b", ""), ("attributes.a", "")] {
        let error = refused(&format!(r#"[{{"field":"{no_path}","op":"set"}}]"#));
        assert!(error.starts_with(&format!("unknown field \"{no_path}\": ")), "{error}");
    }
}

#[test]
fn there_is_a_most_of_everything() {
    let one = r#"{"field":"error","op":"set"}"#;
    assert_eq!(filters(&format!("[{}]", [one; 50].join(","))).iter().count(), 50);
    assert_eq!(refused(&format!("[{}]", [one; 51].join(","))), "too many filters: there may be 50 at most");
    let values = |n| format!(r#"[{{"field":"error","op":"is","values":[{}]}}]"#, vec!["1"; n].join(","));
    filters(&values(100));
    assert_eq!(refused(&values(101)), "too many values: there may be 100 at most");
    let text = |n| format!(r#"[{{"field":"error","op":"is","values":["{}"]}}]"#, "x".repeat(n));
    filters(&text(1_024));
    assert_eq!(refused(&text(1_025)), "a value of error has too many bytes: there may be 1024 at most");
}

#[test]
fn names_of_fields_and_ops_are_read_as_they_are_written() {
    let names = field::names();
    for name in names.split(", ").chain(["properties.a", "properties.a b.ü.it's", "context.$x.\\"]) {
        assert_eq!(Field::parse(name).unwrap().to_string(), name);
    }
    for (name, op) in OPS {
        assert_eq!((Op::parse(name), op.as_str()), (Ok(op), name));
    }
}

#[test]
fn numbers_and_texts_that_are_numbers_in_json_are_numbers() {
    for (json, text, number) in [
        ("5", "5", Some(5.0)),
        ("5.0", "5", Some(5.0)),
        ("1e20", "100000000000000000000", Some(1e20)),
        ("1e21", "1e21", Some(1e21)),
        ("15e-8", "1.5e-7", Some(1.5e-7)),
        ("\"5.0\"", "5.0", Some(5.0)),
        ("-1.5e3", "-1500", Some(-1_500.0)),
        ("18446744073709551615", "18446744073709551615", Some(18_446_744_073_709_551_615.0)),
        ("\"-0\"", "-0", Some(0.0)),
        ("\"1E+2\"", "1E+2", Some(100.0)),
        ("\"05\"", "05", None),
        ("\"+5\"", "+5", None),
        ("\" 5\"", " 5", None),
        ("\"5.\"", "5.", None),
        ("\".5\"", ".5", None),
        ("\"5e\"", "5e", None),
        ("\"0x5\"", "0x5", None),
        ("\"inf\"", "inf", None),
        ("\"1e999\"", "1e999", None),
        ("\"\u{665}\"", "\u{665}", None),
        ("true", "true", None),
    ] {
        let value: Value = serde_json::from_str(json).unwrap();
        assert_eq!((value.text(), value.number()), (text, number), "{json}");
    }
}

/// Every field and op with values that could be SQL.
#[test]
fn no_value_and_no_path_stands_in_the_sql() {
    let evil = "x') OR 1=1; DROP TABLE events --\\";
    let fields = field::names();
    let paths = [format!("properties.{evil}.b"), format!("context.{evil}.b")];
    for field in fields.split(", ").chain(paths.iter().map(String::as_str)) {
        let field = Field::parse(field).unwrap();
        for (_, op) in OPS {
            let values = match op {
                Op::Set | Op::NotSet => vec![],
                op if op.orders() || field == Field::Latency => vec![Value::from(987_654.25)],
                _ => vec![Value::from(evil), Value::from(987_654.25)],
            };
            let Ok(filter) = Filter::new(field.clone(), op, values) else { continue };
            let condition = Condition::new("f", &vec![filter.clone(), filter].try_into().unwrap());
            assert!(!condition.sql.contains("DROP") && !condition.sql.contains("654"), "{}", condition.sql);
            for (name, _) in &condition.params.0 {
                assert!(condition.sql.contains(&format!("{{{name}:")), "{name} in {}", condition.sql);
            }
            let places = condition.sql.matches(":Array(String)}").count()
                + condition.sql.matches(":Array(Float64)}").count();
            assert!(matches!(op, Op::Set | Op::NotSet) || places > 0 || op.orders(), "{}", condition.sql);
        }
    }
}

#[test]
fn the_sql_of_a_column_can_use_its_index() {
    let sql = |json| Condition::new("f", &filters(json)).sql;
    assert_eq!(sql("[]"), "");
    assert_eq!(
        sql(
            r#"[{"field":"event_name","op":"is","values":["a"]},{"field":"user","op":"is_not","values":["u"]}]"#
        ),
        "(event_name IN {f0:Array(String)}) AND (NOT (user_id IN {f1:Array(String)}))"
    );
    assert_eq!(
        sql(r#"[{"field":"latency","op":"gt","values":[7, 5]}]"#),
        "(latency > 0 AND latency > {f0:Float64})"
    );
}
