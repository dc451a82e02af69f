//! Bodies as a whole: their limits, their keys, and what is no JSON in them.

use super::*;

fn refused(body: &[u8], form: Form) -> String {
    let error = read(body, form, LIMITS).unwrap_err();
    format!("{}: {error}", error.code())
}

#[test]
fn a_body_without_events_is_refused_as_a_whole() {
    let mut refusals = String::new();
    for body in [
        "",
        "{",
        "null",
        "[]",
        "7",
        "{}",
        r#"{"batch":null}"#,
        r#"{"batch":{}}"#,
        r#"{"batch":[],"batch":[]}"#,
        r#"{"batch":[]}{}"#,
        r#"{"batch":[],"context":7}"#,
        r#"{"batch":[],"integrations":"a"}"#,
    ] {
        writeln!(refusals, "{body} {}", refused(body.as_bytes(), Form::Batch)).unwrap();
    }
    insta::assert_snapshot!(refusals, @r#"
     invalid_json: invalid JSON body: EOF while parsing a value at line 1 column 0
    { invalid_json: invalid JSON body: EOF while parsing an object at line 1 column 1
    null invalid_field: invalid JSON body: expected an object
    [] invalid_field: invalid JSON body: expected an object
    7 invalid_field: invalid JSON body: expected an object
    {} missing_field: batch is required
    {"batch":null} invalid_field: batch must be one list
    {"batch":{}} invalid_field: batch must be one list
    {"batch":[],"batch":[]} invalid_field: batch must be one list
    {"batch":[]}{} invalid_json: invalid JSON body: trailing characters at line 1 column 13
    {"batch":[],"context":7} invalid_field: context must be an object
    {"batch":[],"integrations":"a"} invalid_field: integrations must be an object
    "#);
    for form in [TRACK, Form::Semantic] {
        for (body, code) in
            [("", "invalid_json"), ("{", "invalid_json"), ("[{}]", "invalid_field"), ("7", "invalid_field")]
        {
            assert!(refused(body.as_bytes(), form).starts_with(code), "{body}");
        }
    }
    assert!(refused(b"\x1f\x8b\x08", Form::Batch).contains("gzip"));
    assert!(results(br#"{"batch":[]}"#, Form::Batch, LIMITS).is_empty());
    assert!(results("\u{feff}{\"batch\":[]}".as_bytes(), Form::Batch, LIMITS).is_empty());
}

#[test]
fn an_event_may_be_as_long_as_the_limit_and_no_longer() {
    let event = |bytes: usize| {
        let start = r#"{"type":"track","messageId":"m","userId":"u","event":""#;
        format!(r#"{start}{}"}}"#, "x".repeat(bytes - start.len() - 2))
    };
    let body = format!(r#"{{"batch":[{} ,  {}  ]}}"#, event(32_768), event(32_769));
    let [good, bad] = &results(body.as_bytes(), Form::Batch, LIMITS)[..] else { panic!() };
    assert!(good.is_ok());
    let error = WireError::EventTooLarge { bytes: 32_769, most: 32_768 };
    assert_eq!(bad.as_ref().unwrap_err(), &Refused { message_id: Some("m".into()), error });
    assert!(one(TRACK, &format!("\n{}\n", event(32_768))).is_ok());
    assert!(refusal(TRACK, &event(32_769)).starts_with("m too_large: an event is at most 32768 bytes long"));
}

#[test]
fn events_beyond_the_limit_are_refused_one_by_one() {
    let limits = Limits { max_events: 3, ..LIMITS };
    let body = |count: usize| {
        let event = r#"{"type":"page","userId":"u"}"#;
        format!(r#"{{"batch":[{}]}}"#, vec![event; count].join(","))
    };
    for count in [3, 4, 12] {
        let body = body(count);
        let results = results(body.as_bytes(), Form::Batch, limits);
        assert_eq!(results.len(), count);
        for (at, result) in results.into_iter().enumerate() {
            let error = WireError::TooManyEvents { count, most: 3 };
            assert_eq!(result.err().map(|refused| refused.error), (at >= 3).then_some(error));
        }
    }
    let error = read(body(13).as_bytes(), Form::Batch, limits).unwrap_err();
    assert_eq!(error, WireError::TooManyEvents { count: 13, most: 3 });
}

#[test]
fn what_a_batch_adds_to_its_events_is_bounded() {
    let body = |bytes: usize, count: usize| {
        format!(
            r#"{{"batch":[{}],"context":{{"a":"{}"}}}}"#,
            vec!["7"; count].join(","),
            "x".repeat(bytes - 8)
        )
    };
    assert!(read(body(32_768, 1).as_bytes(), Form::Batch, LIMITS).is_ok());
    assert_eq!(read(body(16_384, 2_048).as_bytes(), Form::Batch, LIMITS).unwrap().added_bytes(), 32 << 20);
    assert_eq!(
        refused(body(16_385, 2_048).as_bytes(), Form::Batch),
        "invalid_field: context must be at most 16384 bytes long, with the integrations, in a batch of 2048 events"
    );
    assert!(read(body(32_769, 1).as_bytes(), Form::Batch, LIMITS).is_err());
}

#[test]
fn write_keys_are_the_bodys_then_the_events() {
    for (form, body, keys) in [
        (
            Form::Batch,
            r#"{"batch":[{"writeKey":"b"},7,{"writeKey":7},{},{"write_key":"c"}],"writeKey":"a"}"#,
            "a b c",
        ),
        (Form::Batch, r#"{"batch":[{"writeKey":"b","x":{"writeKey":"no"}}],"writeKey":null}"#, "b"),
        (TRACK, r#"{"writeKey":"k1:***"}"#, "k1:***"),
        (Form::Semantic, r#"{"write_key":"a"}"#, "a"),
        (Form::Semantic, r#"{"writeKey":null,"write_key":"a"}"#, "a"),
        (TRACK, r#"{"writeKey":""}"#, ""),
    ] {
        let sent = read(body.as_bytes(), form, LIMITS).unwrap();
        let read: Vec<_> = sent.write_keys().map(|key| key.to_string()).collect();
        assert_eq!(read.join(" "), keys);
    }
}

#[test]
fn a_body_that_can_be_mended_is_no_json_before() {
    for (form, body) in [
        (
            Form::Batch,
            &br#"{"batch":[{"type":"track","userId":"u","event":"e","properties":{"x":NaN}}]}"#[..],
        ),
        (Form::Batch, br#"{"batch":[{"type":"track","userId":"u","event":"cut \ud83d"}]}"#),
        (Form::Batch, b"{\"batch\":[{\"type\":\"track\",\"userId\":\"u\",\"event\":\"\xff\"}]}"),
        (TRACK, br#"{"userId":"u","event":"e","properties":{"x":-Infinity}}"#),
        (TRACK, br#"{"userId":"u","event":"e","\udc00":1}"#),
    ] {
        assert!(refused(body, form).starts_with("invalid_json"));
        let mended = mend(body);
        assert_eq!(mended.count, 1);
        assert!(results(&mended.bytes, form, LIMITS)[0].is_ok());
    }
}

#[test]
fn an_event_that_is_no_json_costs_only_itself() {
    let body = r#"{"context":{"a":1},"writeKey":"k","batch":[{"type":"track","userId":"u","event":"a"},
        {"messageId":"m","type":"track","userId":"u","event":+1},{"type":"track","userId":"u","event":"b"},]}"#;
    assert_eq!(read(body.as_bytes(), Form::Batch, LIMITS).unwrap().write_keys().count(), 1);
    insta::assert_snapshot!(shown(body), @r#"
    a {"a":1}
    "invalid JSON body: event: expected value at line 1 column 54"
    b {"a":1}
    "invalid JSON body: EOF while parsing a value at line 1 column 0"
    "#);
    // With something to mend beside it, that comes first.
    let both = body.replace("\"b\"", "NaN");
    assert!(refused(both.as_bytes(), Form::Batch).starts_with("invalid_json"));
    assert!(read(&mend(both.as_bytes()).bytes, Form::Batch, LIMITS).is_ok());
    // What all events have in common is not lost in silence.
    let broken = br#"{"context":{"a":+1},"batch":[{"type":"page","userId":"u"}]}"#;
    assert!(refused(broken, Form::Batch).starts_with("invalid_json"));
    assert!(refused(br#"{"batch":[{"a":+1}}"#, Form::Batch).starts_with("invalid_json"));
    assert!(refused(br#"{"userId":"u","event":+1}"#, TRACK).starts_with("invalid_json"));
}
