//! A body is one message or a list of them; what is wrong with one costs only that one.

use super::*;

fn shown(body: &str) -> String {
    let results = match results(body.as_bytes(), Limits { max_events: 3 }) {
        Ok(results) => results,
        Err(error) => return format!("{}: {error}", error.code()),
    };
    let shown = results.into_iter().map(|result| match result {
        Ok(Operation::Create(event)) => event.content.event_name.to_string(),
        Ok(other) => panic!("{other:?}"),
        Err(Refused { event_id, error }) => format!("{} ({error})", event_id.unwrap_or_default()),
    });
    shown.collect::<Vec<_>>().join(" | ")
}

#[test]
fn a_list_has_its_messages_in_their_order() {
    for (body, expected) in [
        (r#"{"Topic":"a"}"#, "a"),
        ("\u{feff} {\"Topic\":\"a\"}\n", "a"),
        (r#"[{"Topic":"a"}]"#, "a"),
        (r#" [ {"Topic":"a"} , {"topic":"b"} ] "#, "a | b"),
        ("[]", ""),
        (r#"[{"Topic":"a"},{"EventId":"e"},{"Topic":"c"}]"#, "a | e (Topic is required) | c"),
        (
            r#"[{"Topic":"a"},{"Topic":},7]"#,
            "a |  (invalid JSON body: Topic: expected value at line 1 column 10) |  (invalid JSON body: a message must be an object)",
        ),
        (r#"[{"Topic":"a"},{},{},{}]"#, "too_large: a batch holds at most 3 events, this one has 4"),
    ] {
        assert_eq!(shown(body), expected, "{body}");
    }
    assert!(read(b"[{}]", LIMITS).unwrap().is_list());
    assert!(!read(b"{}", LIMITS).unwrap().is_list());
}

#[test]
fn what_is_no_json_is_refused_as_a_whole() {
    let bodies = ["[", "[{]", "[{}", "[{}] {}", "[[}]]"];
    insta::assert_snapshot!(bodies.map(shown).join("\n"));
    for body in ["", " ", "x", "{", r#"{"Topic":"a"} x"#, "7", "\"a\"", "null", "{}{}"] {
        assert!(one(body).is_err(), "{body}");
    }
    assert!(matches!(results(b"\x1f\x8b\x08", LIMITS), Err(WireError::InvalidJson(_))));
    let error = results(b"[{\"Topic\":\"\xff\"}]", LIMITS).unwrap().remove(0).unwrap_err().error;
    assert_eq!(error.code(), "invalid_json");
}
