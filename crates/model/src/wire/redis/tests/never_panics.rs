//! Whatever is published, reading it ends, and what is taken goes through the topic unchanged.

use proptest::prelude::*;

use super::*;

fn check(message: &[u8]) {
    let Ok(event) = read(message) else { return };
    let id = event.id.to_string();
    let operation = Operation::Create(Box::new(event));
    let encoded = message::encode(&operation);
    assert_eq!(message::decode(Some(id.as_bytes()), &encoded).unwrap(), operation);
}

proptest! {
    #[test]
    fn on_any_bytes(message in proptest::collection::vec(any::<u8>(), 0..200)) {
        check(&message);
    }

    #[test]
    fn on_any_fields(fields in proptest::collection::vec((any::<Vec<u8>>(), any::<Vec<u8>>()), 0..4)) {
        check(&payload(fields));
    }

    #[test]
    fn on_what_looks_like_messages(
        parts in proptest::collection::vec(
            prop_oneof![
                r#"[{}\[\]",:\\ u7d8]"#,
                r#""(event_id|id|event_type|tenant_id|user_id|timestamp|occurred_at|data|metadata|context|sent)":"#,
                r#""(business_context|session_id|response_time_ms|error_code|failure_reason|request_id)":"#,
                r#""(2026-11-2[0-9]T0[0-9]:00:00|\{\}|events\.user\.UserCreated|[A-Za-z.]{0,9})""#,
                "null|true|-1e9|\\{\\}|\\[\\]|7|1795600800",
            ],
            0..24,
        )
    ) {
        let body = parts.concat();
        for body in [format!(r#"{{"event_type":"A",{body}}}"#), format!(r#"{{"event_type":"a.b","data":{{{body}}},"metadata":{{{body}}}}}"#), body] {
            check(body.as_bytes());
        }
    }
}
