use proptest::prelude::*;

use super::*;
use crate::{Embedding, JsonText, Latency};

const ID: &str = "019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5b";
const AT: &str = "2026-11-20T21:57:13.123Z";

fn read(value: &str) -> Result<Operation<'_>, &'static str> {
    decode(Some(ID.as_bytes()), value.as_bytes()).map_err(|error| error.reason())
}

fn create() -> Operation<'static> {
    Operation::Create(Box::new(Event {
        tenant: Tenant::default(),
        id: EventId::parse(ID).unwrap(),
        received_at: Timestamp::parse(AT).unwrap(),
        updated_at: Timestamp::parse(AT).unwrap(),
        source: Source::Native,
        content: Content {
            event_name: "event_a".into(),
            conversation_id: "c-1".into(),
            latency: Latency::from_millis(12.5).unwrap(),
            input_embeddings: Embedding::new(vec![0.1, -2.0]).unwrap(),
            tags: vec!["x".into()],
            properties: JsonText::parse(r#"{"f":1.0,"n":null}"#).unwrap(),
            ..Content::default()
        },
    }))
}

fn update(patch: Patch<'_>) -> Operation<'_> {
    Operation::Update { key: create().key(), at: Timestamp::parse(AT).unwrap(), patch: Box::new(patch) }
}

#[test]
fn the_written_form_is_the_published_one() {
    let text = |operation: &Operation<'_>| String::from_utf8(encode(operation)).unwrap();
    insta::assert_snapshot!(text(&create()), @r#"{"v":1,"operation":"create","event_id":"019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5b","tenant":"default","source":"native","timestamp":"2026-11-20T21:57:13.123Z","data":{"event_name":"event_a","conversation_id":"c-1","latency":12.5,"input_embeddings":[0.1,-2.0],"tags":["x"],"properties":{"f":1.0,"n":null}}}"#);
    let patch = Patch { error: Some(Text::default()), ..Patch::default() };
    insta::assert_snapshot!(text(&update(patch)), @r#"{"v":1,"operation":"update","event_id":"019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5b","tenant":"default","timestamp":"2026-11-20T21:57:13.123Z","data":{"error":""}}"#);
    let delete = Operation::Delete { key: create().key(), at: Timestamp::parse(AT).unwrap() };
    insta::assert_snapshot!(text(&delete), @r#"{"v":1,"operation":"delete","event_id":"019aa2b1-c3d4-7e5f-8a9b-0c1d2e3f4a5b","tenant":"default","timestamp":"2026-11-20T21:57:13.123Z"}"#);
}

#[test]
fn every_operation_reads_back_as_written() {
    let delete = Operation::Delete { key: create().key(), at: Timestamp::parse(AT).unwrap() };
    let patch = Patch { tags: Some(vec![]), latency: Some(Latency::default()), ..Patch::default() };
    for operation in [create(), update(patch), update(Patch::default()), delete] {
        assert_eq!(decode(Some(ID.as_bytes()), &encode(&operation)).unwrap(), operation);
    }
}

#[test]
fn each_fault_has_its_reason() {
    let good = String::from_utf8(encode(&create())).unwrap();
    assert!(read(&good).is_ok());
    let cases = [
        ("", "undecodable"),
        ("null", "undecodable"),
        ("{}", "undecodable"),
        (&good.replace("\"v\":1", "\"v\":\"1\""), "undecodable"),
        (&good.replace("\"v\":1", "\"v\":0"), "undecodable"),
        (&good.replace("\"v\":1", "\"v\":1,\"v\":1"), "undecodable"),
        (r#"{"v":2,"shape":"unknown"}"#, "newer_format"),
        (&good.replace("\"create\"", "\"upsert\""), "unknown_operation"),
        (&good.replace("019aa2b1", "019aa2b2"), "key_mismatch"),
        (&good.replace("-7e5f-", "-4e5f-"), "undecodable"),
        (&good.replace("019aa2b1-c3d4", "ffffffff-ffff"), "impossible_date"),
        (&good.replace("2026-11", "2526-11"), "impossible_date"),
        (&good.replace("2026-11", "2026-13"), "impossible_date"),
        (&good.replace("\"default\"", "\"a b\""), "undecodable"),
        (&good.replace("\"source\":\"native\",", ""), "undecodable"),
        (&good.replace("12.5", "-1"), "undecodable"),
        (&good.replace("\"native\"", "\"carrier_pigeon\""), "unknown_word"),
        (&good.replace("\"native\"", "7"), "undecodable"),
        (&good.replace("\"tags\"", "\"kind\":\"dance\",\"tags\""), "unknown_word"),
        (&good.replace("\"tags\"", "\"kind\":7,\"tags\""), "undecodable"),
        (&good.replace("-2.0", "1e300"), "undecodable"),
        (&good.replace("\"c-1\"", "7"), "undecodable"),
        (&good.replace("\"tags\"", "\"event_name\":\"b\",\"tags\""), "undecodable"),
        (&good.replace("{\"f\":1.0,\"n\":null}", "[1]"), "undecodable"),
        (&good[..good.len() - 1], "undecodable"),
    ];
    for (value, reason) in cases {
        assert_eq!(read(value).unwrap_err(), reason, "{value}");
    }
    let upper = ID.to_uppercase();
    assert_eq!(decode(Some(upper.as_bytes()), good.as_bytes()).unwrap_err().reason(), "key_mismatch");
    assert_eq!(decode(None, good.as_bytes()).unwrap_err().reason(), "key_mismatch");
    assert_eq!(decode(Some(b"\xff"), good.as_bytes()).unwrap_err().reason(), "key_mismatch");
    assert_eq!(
        decode(Some(ID.as_bytes()), b"{\"v\":1,\"operation\":\"\xff\"").unwrap_err().reason(),
        "undecodable"
    );
}

#[test]
fn null_clears_in_an_update_and_unknown_fields_are_ignored() {
    let value = String::from_utf8(encode(&update(Patch::default()))).unwrap();
    let value = value.replace(r#""data":{}"#, r#""data":{"error":null,"colour":"red"},"hue":1"#);
    let expected = Patch { error: Some(Text::default()), ..Patch::default() };
    assert_eq!(read(&value), Ok(update(expected)));
}

#[test]
fn an_unknown_word_is_named_and_a_source_without_meaning_is_not_looked_at() {
    let value = String::from_utf8(encode(&update(Patch::default()))).unwrap();
    let kind = value.replace(r#""data":{}"#, r#""data":{"kind":"dance"}"#);
    let error = decode(Some(ID.as_bytes()), kind.as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), r#"unknown kind "dance""#);
    let source = value.replace(r#""data":{}"#, r#""data":{},"source":"carrier_pigeon""#);
    assert_eq!(read(&source), Ok(update(Patch::default())));
}

/// A field or a word that is added without a new format would be lost at the next update by a consumer that
/// does not know it. Whoever changes one of these lists raises the format, and adds a list for it.
#[test]
fn each_format_has_its_fields_and_words() {
    let text = |text: &'static str| Text::from(text);
    // Every field is named and holds something, so that a new one does not compile until it is here.
    let content = Content {
        kind: crate::Kind::Page,
        event_name: text("x"),
        message_id: text("x"),
        conversation_id: text("x"),
        conversation_metadata: text("x"),
        user_id: text("x"),
        anonymous_id: text("x"),
        error: text("x"),
        latency: Latency::from_millis(1.0).unwrap(),
        input: text("x"),
        output: text("x"),
        input_embeddings: Embedding::new(vec![1.0]).unwrap(),
        output_embeddings: Embedding::new(vec![1.0]).unwrap(),
        subjects: vec![text("x")],
        tags: vec![text("x")],
        trace_ids: vec![text("x")],
        properties: JsonText::parse("{}").unwrap(),
        context: JsonText::parse("{}").unwrap(),
    };
    let Operation::Create(event) = create() else { panic!("a create") };
    let written = encode(&Operation::Create(Box::new(Event { content, ..*event })));
    let written: serde_json::Value = serde_json::from_slice(&written).unwrap();
    let names =
        |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    let words = format!(
        "{}; {}; {}; {}",
        names(&written),
        names(&written["data"]),
        Source::WORDS.join(" "),
        crate::Kind::WORDS.join(" ")
    );
    let known = match FORMAT {
        1 => {
            "data event_id operation source tenant timestamp v; anonymous_id context conversation_id conversation_metadata error event_name input input_embeddings kind latency message_id output output_embeddings properties subjects tags trace_ids user_id; native segment event_service redis; event track page screen identify group alias"
        }
        other => panic!("format {other} has no list yet"),
    };
    assert_eq!(words, known);
}

#[test]
fn the_data_of_a_delete_has_no_meaning() {
    let delete = Operation::Delete { key: create().key(), at: Timestamp::parse(AT).unwrap() };
    let value = String::from_utf8(encode(&delete)).unwrap();
    for data in ["null", "{}", "7", r#"{"latency":"fast"}"#, "[[1]]"] {
        let with_data = value.replace("\"delete\"", &format!("\"delete\",\"data\":{data}"));
        assert_eq!(read(&with_data).as_ref(), Ok(&delete), "{with_data}");
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(value in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(Some(ID.as_bytes()), &value);
    }

    #[test]
    fn a_damaged_message_is_read_or_refused(at in 0_usize..300, byte in any::<u8>()) {
        let mut value = encode(&create());
        let at = at % value.len();
        value[at] = byte;
        let _ = decode(Some(ID.as_bytes()), &value);
    }
}
