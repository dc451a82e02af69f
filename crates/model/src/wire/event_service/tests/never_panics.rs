//! Whatever is sent, reading it ends.

use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn on_any_bytes(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = (results(&body, LIMITS), Query::read(&body));
    }

    #[test]
    fn on_what_looks_like_messages(
        parts in proptest::collection::vec(
            prop_oneof![
                r#"[{}\[\]",:\\ u7d8]"#,
                r#""(Topic|event_id|data|Tags|createdDateUtc|start|user_id|subjects_contains|x)":"#,
                r#""(2026-11-2[0-9]T0[0-9]:00:00|0001-01-01T00:00:00|\{\}|[a-z]{0,2})""#,
                "null|true|-1e9|\\{\\}|\\[\\]|7",
            ],
            0..24,
        )
    ) {
        let body = parts.concat();
        for body in [format!(r"[{{{body}}}]"), format!(r#"{{"Topic":"t",{body}}}"#), body] {
            let _ = Query::read(body.as_bytes());
            for operation in results(body.as_bytes(), LIMITS).into_iter().flatten().flatten() {
                let Operation::Create(event) = operation else { panic!("{operation:?}") };
                returned(&event);
            }
        }
    }
}
