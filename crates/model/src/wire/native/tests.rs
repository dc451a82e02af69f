use proptest::prelude::*;

use super::*;
use crate::Tenant;

const NOW: &str = "2026-11-20T12:00:00.000Z";

fn intake(names: &EventNames) -> Intake<'_> {
    let now = Timestamp::parse(NOW).unwrap();
    Intake { tenant: Tenant::default(), now, window: Window::around(now, 3_650), names }
}

fn read(body: &[u8]) -> Result<Event<'static>, WireError> {
    let names = EventNames::parse("event_a,event_b,event_c").unwrap();
    match create(body, &intake(&names))? {
        Operation::Create(event) => Ok(event.into_owned()),
        other => panic!("{other:?}"),
    }
}

fn refused(body: &[u8]) -> (&'static str, String) {
    let error = read(body).unwrap_err();
    (error.code(), error.to_string())
}

/// A good event with one more field.
fn with(field: &str) -> Vec<u8> {
    format!(r#"{{"conversation_id":"c","event_name":"event_a",{field}}}"#).into_bytes()
}

#[test]
fn an_event_comes_back_as_sent() {
    let body = r#"{"id":"019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5b","conversation_id":"c-1","event_name":"event_a","error":"timeout",
        "latency":12.5,"input":"hi","output":"ho","input_embeddings":[0.1,2],"output_embeddings":[],"conversation_metadata":{"a": 1},
        "user_id":"u-1","tags":["x","y"],"properties":{"f":1.0,"n":null}}"#;
    let event = read(body.as_bytes()).unwrap();
    insta::assert_snapshot!(serde_json::to_string(&Returned::new(&event, true)).unwrap(), @r#"{"id":"019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5b","conversation_id":"c-1","event_name":"event_a","error":"timeout","latency":12.5,"input":"hi","output":"ho","input_embeddings":[0.1,2.0],"output_embeddings":[],"conversation_metadata":"{\"a\": 1}","user_id":"u-1","tags":["x","y"],"properties":{"f":1.0,"n":null},"created_at":"2025-11-20T19:15:50.356Z","updated_at":"2026-11-20T12:00:00.000Z"}"#);
}

#[test]
fn null_is_as_if_absent_and_unknown_fields_are_ignored() {
    let plain = read(&with(r#""colour":"red""#)).unwrap();
    let nulls = read(&with(
        r#""id":null,"timestamp":null,"error":null,"latency":null,"input":null,"input_embeddings":null,"tags":null,
        "conversation_metadata":null,"properties":null,"user_id":null"#,
    ))
    .unwrap();
    assert_eq!(plain.content, nulls.content);
    assert_eq!(plain.content.conversation_id, "c");
}

#[test]
fn required_fields_are_named_in_the_clients_words() {
    assert_eq!(refused(b"{}"), ("missing_field", "conversation_id is required".into()));
    assert_eq!(
        refused(br#"{"conversation_id":""}"#),
        ("missing_field", "conversation_id is required".into())
    );
    assert_eq!(refused(br#"{"conversation_id":"c"}"#), ("missing_field", "event_name is required".into()));
    assert_eq!(refused(br#"{"conversation_id":"c","event_name":null}"#).0, "missing_field");
    assert_eq!(
        refused(br#"{"conversation_id":"c","event_name":"x"}"#),
        ("invalid_field", "event_name must be one of: event_a, event_b, event_c".into())
    );
}

#[test]
fn what_is_not_an_object_of_the_right_types_is_refused_by_name() {
    let bomb = format!(r#""properties":{{"a":{}"#, "[".repeat(200_000));
    let closed_bomb = format!(r#""properties":{{"a":{}1{}}}"#, "[".repeat(200), "]".repeat(200));
    for (body, code, names) in [
        (b"".to_vec(), "invalid_json", "invalid JSON body: EOF"),
        (b"{".to_vec(), "invalid_json", "invalid JSON body: "),
        (b"{}{}".to_vec(), "invalid_json", "trailing"),
        (b"null".to_vec(), "invalid_field", "invalid JSON body: "),
        (br#"["c","event_a"]"#.to_vec(), "invalid_field", "invalid JSON body: "),
        (with(r#""latency":"fast""#), "invalid_field", "latency: "),
        (with(r#""latency":-1"#), "invalid_field", "latency: "),
        (with(r#""latency":NaN"#), "invalid_json", "latency: "),
        (with(r#""latency":1e999"#), "invalid_field", "latency: "),
        (
            with(r#""input_embeddings":[1e39]"#),
            "invalid_field",
            "input_embeddings: must be a list of numbers within single precision, and [0] is none",
        ),
        (
            with(r#""input_embeddings":[1,"2"]"#),
            "invalid_field",
            "input_embeddings: must be a list of numbers within single precision, and [1] is none",
        ),
        (with(r#""tags":"x""#), "invalid_field", "tags: "),
        (with(r#""properties":[]"#), "invalid_field", "properties: "),
        (with(r#""conversation_metadata":7"#), "invalid_field", "conversation_metadata: "),
        (with(r#""input":"a","input":"b""#), "invalid_field", "input"),
        (with(&bomb), "invalid_json", "invalid JSON body: "),
        (with(&closed_bomb), "invalid_field", "properties: "),
        (with("\"input\":\"\u{1}\""), "invalid_json", "input: "),
        ([with(r#""input":"x"#), vec![0xff, b'"', b'}']].concat(), "invalid_json", "invalid JSON body: "),
    ] {
        let (got, text) = refused(&body);
        let shown = String::from_utf8_lossy(&body).chars().take(80).collect::<String>();
        assert_eq!((got, text.contains(names)), (code, true), "{shown}: {text}");
    }
}

#[test]
fn ids_and_times_lie_in_the_window() {
    let at = |text: &str| with(&format!(r#""timestamp":"{text}""#));
    assert_eq!(
        read(&at("2024-01-02T03:04:05.678Z")).unwrap().id.created_at().to_string(),
        "2024-01-02T03:04:05.678Z"
    );
    assert!(read(&at("2026-11-21T12:00:00Z")).is_ok());
    for bad in ["2026-11-21T12:00:01Z", "2010-01-01T00:00:00Z", "today", "2026-11-20", ""] {
        let (code, text) = refused(&at(bad));
        assert!(code == "invalid_field" && text.starts_with("timestamp must be "), "{bad}: {text}");
    }
    for bad in ["1", "019aa2b1-c3d4-4e5f-8a9b-0c1d2e3f4a5b", "00000000-0001-7e5f-8a9b-0c1d2e3f4a5b", ""] {
        let (code, text) = refused(&with(&format!(r#""id":"{bad}""#)));
        assert!(code == "invalid_field" && text.starts_with("id must be a UUID"), "{bad}: {text}");
    }
}

#[test]
fn an_update_takes_what_was_sent_and_nothing_that_cannot_change() {
    let names = EventNames::parse("event_a").unwrap();
    let key = read(&with(r#""input":"x""#)).unwrap().key();
    let change = |body: &'static str| update(body.as_bytes(), key.clone(), &intake(&names));
    let Operation::Update { patch, .. } = change(
        r#"{"error":"","tags":[],"latency":0,"input":null,"conversation_id":"other","timestamp":"x"}"#,
    )
    .unwrap() else {
        panic!("not an update")
    };
    let expected = Patch {
        error: Some(Text::default()),
        tags: Some(vec![]),
        latency: Some(Latency::default()),
        ..Patch::default()
    };
    assert_eq!(*patch, expected);
    assert!(change("{}").is_ok());
    assert_eq!(change(r#"{"event_name":""}"#).unwrap_err().to_string(), "event_name must be one of: event_a");
}

#[test]
fn a_batch_is_an_object_or_lines() {
    let bodies = |body: &[u8], lines| split(body, lines, 9).map(|events| events.count);
    assert_eq!(bodies(br#"{"events":[{"a":1}, 2, "x"]}"#, false), Ok(3));
    assert_eq!(bodies(b"{\"a\":1}\n\n{\"b\":2}\r\n", false), Ok(2));
    assert_eq!(bodies(b"{\"a\":1}\nrubbish\n{\"b\":2}", false), Ok(3));
    assert_eq!(bodies(b"rubbish\n{\"b\":2}", true), Ok(2));
    assert_eq!(bodies(br#"{"events":[]}"#, false), Ok(0));
    assert_eq!(bodies(b"", true), Ok(0));
    for (body, code) in
        [(&b"rubbish"[..], "invalid_json"), (b"", "invalid_json"), (br#"{"events":7}"#, "invalid_field")]
    {
        assert_eq!(split(body, false, 9).unwrap_err().code(), code);
    }
    assert!(matches!(split(br#"{"events":[{]}"#, false, 9), Err(WireError::InvalidJson(_))));
    for broken in ["oops", "5", "null", "[1]", r#"{"conversation_id":"c""#] {
        let lines = format!("{broken}\n{{}}\n\n{{}}\n");
        assert_eq!(split(lines.as_bytes(), false, 9).unwrap().count, 3, "{broken}");
        assert_eq!(split(broken.as_bytes(), false, 9).is_ok(), broken == "[1]", "{broken}");
    }
    for lines in [false, true] {
        assert_eq!(bodies(b"[{}, 2,\n\"x\"]\n", lines), Ok(3));
        assert_eq!(bodies(b"[{},\n{\"a\":NaN}\n,{}]", lines), Ok(3));
        assert_eq!(bodies(b"\xef\xbb\xbf{}\n{}", lines), Ok(2));
        assert!(bodies(b"\x1f\x8b\x08", lines).unwrap_err().to_string().contains("it is gzip"));
    }
    for broken in
        ["[{}\n{},", "[{},\n{},\n{}", "{\n\"events\": [\n{},\n", "{\"events\":[\n{}\n{}\n", "[\n{}\n,"]
    {
        assert!(split(broken.as_bytes(), false, 9).is_err(), "{broken}");
    }
}

#[test]
fn of_a_batch_of_too_many_only_the_first_are_kept_and_the_others_counted() {
    for (body, count) in [
        ("[,,,,,,]", 7),
        ("[1,2,3,4,5]", 5),
        ("1\n2\n3\n4", 4),
        (r#"{"events":[1,2,3,4]}"#, 4),
        (r#"{"a":1,"events":[{},,{},{}],"b":[]}"#, 4),
        ("[1,2]", 2),
    ] {
        let events = split(body.as_bytes(), false, 3).unwrap();
        assert_eq!((events.count, events.first.len()), (count, count.min(3)), "{body}");
        assert!(events.first.capacity() <= 4, "{body}");
    }
}

#[test]
fn invalid_bytes_in_a_batch_cost_only_their_event() {
    let good = with(r#""input":"x""#);
    let body = [
        b"{\"events\":[",
        &good[..],
        b",{\"conversation_id\":\"c\",\"event_name\":\"event_a\",\"input\":\"\xff\"}]}",
    ]
    .concat();
    let events = split(&body, false, 9).unwrap().first;
    assert_eq!(events.len(), 2);
    assert!(read(events[0]).is_ok() && read(events[1]).is_err());
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200), lines in any::<bool>()) {
        let _ = read(&body);
        let _ = split(&body, lines, 9);
    }

    #[test]
    fn any_field_text_is_read_or_refused(value in r#"[\[\]{}":,a-z0-9.\\-]{0,40}"#) {
        let _ = read(&with(&format!(r#""properties":{value},"input_embeddings":{value}"#)));
    }
}

#[test]
fn a_message_id_and_its_time_derive_the_id() {
    let sent = with(r#""message_id":"order-4711","timestamp":"2026-11-20T10:00:00.123Z""#);
    let event = read(&sent).unwrap();
    let at = Timestamp::parse("2026-11-20T10:00:00.123Z").unwrap();
    assert_eq!(event.id, EventId::derive(&Tenant::default(), Source::Native, "order-4711", at));
    insta::assert_snapshot!(serde_json::to_string(&Returned::new(&event, false)).unwrap(), @r#"{"id":"01a1f866-0d7b-8000-b25d-ec7c15b5aab6","message_id":"order-4711","conversation_id":"c","event_name":"event_a","error":"","latency":0.0,"input":"","output":"","conversation_metadata":"","user_id":"","tags":[],"properties":{},"created_at":"2026-11-20T10:00:00.123Z","updated_at":"2026-11-20T12:00:00.000Z"}"#);
    // As it was returned, it is the same event.
    let returned = serde_json::to_vec(&Returned::new(&event, true)).unwrap();
    assert_eq!(read(&returned).unwrap().id, event.id);
    let other = with(&format!(r#""id":"{}","message_id":"order-4712""#, event.id));
    let words = "message_id must be absent beside an id, or the one that the id was derived from";
    assert_eq!(refused(&other), ("invalid_field", words.into()));
    let (code, text) = refused(&with(r#""message_id":"order-4711""#));
    assert_eq!(
        (code, &*text),
        ("invalid_field", "message_id must be sent with a timestamp: the id is derived from both")
    );
}

#[test]
fn an_id_and_a_timestamp_agree_or_are_refused() {
    let id = "019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5b";
    let at = |time: &str| with(&format!(r#""id":"{id}","timestamp":"{time}""#));
    assert_eq!(read(&at("2025-11-20T19:15:50.3569Z")).unwrap().id.to_string(), id);
    assert_eq!(
        refused(&at("2025-11-20T19:15:50.357Z")),
        ("invalid_field", "timestamp must be that of the id, 2025-11-20T19:15:50.356Z, or absent".into())
    );
}

#[test]
fn an_error_does_not_repeat_a_long_value() {
    let (code, text) = refused(&with(&format!(r#""latency":"{}""#, "x".repeat(100_000))));
    assert_eq!(code, "invalid_field");
    assert!(text.starts_with("invalid JSON body: latency: invalid type: string"), "{text}");
    assert!(text.contains(" … ") && text.contains("at line 1 column") && text.len() < 400, "{text}");
}

#[test]
fn a_byte_order_mark_is_ignored_and_packed_bytes_are_named() {
    let marked = [b"\xef\xbb\xbf", &with(r#""input":"x""#)[..]].concat();
    assert_eq!(read(&marked).unwrap().content.input, "x");
    assert_eq!(
        refused(b"\x1f\x8b\x08\0"),
        (
            "invalid_json",
            "invalid JSON body: it is gzip, but the request has no Content-Encoding: gzip".into()
        )
    );
}
