//! What the decoder makes of bodies, decision by decision.

mod bodies;
mod lossless;
mod mapping;
mod never_panics;

use std::fmt::Write;

use super::*;
use crate::{Event, EventId, EventNames, Source, Tenant, Timestamp, Window};

const NOW: &str = "2026-11-26T12:00:00.000Z";
const LIMITS: Limits = Limits { max_event_bytes: 32_768, max_added_bytes: 32 << 20, max_events: 5_000 };
const TRACK: Form = Form::Single(Kind::Track);

fn results(body: &[u8], form: Form, limits: Limits) -> Vec<Result<Operation<'_>, Refused>> {
    let now = Timestamp::parse(NOW).unwrap();
    let names = EventNames::Any;
    let intake = Intake { tenant: Tenant::default(), now, window: Window::around(now, 30), names: &names };
    read(body, form, limits).unwrap().operations(&intake)
}

fn one(form: Form, body: &str) -> Result<Event<'static>, Refused> {
    let mut results = results(body.as_bytes(), form, LIMITS);
    assert_eq!(results.len(), 1);
    match results.remove(0)? {
        Operation::Create(event) => Ok(event.into_owned()),
        other => panic!("{other:?}"),
    }
}

/// A good track of somebody with more members.
fn track(members: &str) -> Event<'static> {
    one(TRACK, &format!(r#"{{"userId":"u","event":"e",{members}}}"#)).unwrap()
}

fn refusal(form: Form, body: &str) -> String {
    let Refused { message_id, error } = one(form, body).unwrap_err();
    format!("{} {}: {error}", message_id.unwrap_or_default(), error.code())
}

/// Each event of a batch, by its name and its context, or what is wrong with it.
fn shown(body: &str) -> String {
    let mut shown = String::new();
    for result in results(body.as_bytes(), Form::Batch, LIMITS) {
        match result {
            Ok(Operation::Create(event)) => {
                let content = &event.content;
                writeln!(shown, "{} {}", content.event_name, content.context.as_str()).unwrap();
            }
            other => writeln!(shown, "{:?}", other.unwrap_err().error.to_string()).unwrap(),
        }
    }
    shown
}

#[test]
fn ids_are_strings_or_numbers_as_sent_and_empty_ones_absent() {
    for (sent, id) in [
        (r#""u-1""#, "u-1"),
        (r#""\u00fc""#, "ü"),
        ("4711", "4711"),
        ("1e3", "1e3"),
        ("-0.50", "-0.50"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("null", ""),
        (r#""""#, ""),
    ] {
        let body = format!(
            r#"{{"type":"alias","anonymousId":"a","userId":"u","previousId":"p","messageId":{sent},"groupId":{sent},
                "context":{{"sessionId":{sent}}}}}"#
        );
        let content = one(Form::Semantic, &body).unwrap().content;
        assert_eq!([&*content.message_id, &*content.conversation_id], [id, id], "{sent}");
        let subjects: Vec<&str> = content.subjects.iter().map(|subject| &**subject).collect();
        assert_eq!(subjects, if id.is_empty() { vec!["p"] } else { vec![id, "p"] });
        let content =
            one(TRACK, &format!(r#"{{"userId":{sent},"anonymousId":"a","event":"e"}}"#)).unwrap().content;
        assert_eq!(content.user_id, id);
    }
    for field in ["userId", "anonymousId", "messageId", "groupId", "previousId"] {
        for bad in ["true", "{}", "[]", r#"["u"]"#] {
            let body = format!(r#"{{"event":"e","userId":"u","{field}":{bad}}}"#);
            let expected = format!(" invalid_field: {field} must be a string or a number");
            assert_eq!(refusal(TRACK, &body), expected);
        }
        let body = format!(r#"{{"event":"e","userId":"u","{field}":"{}"}}"#, "x".repeat(1_025));
        assert_eq!(refusal(TRACK, &body), format!(" invalid_field: {field} must be at most 1024 bytes"));
    }
    for field in ["sessionId", "groupId"] {
        let body = format!(r#"{{"event":"e","userId":"u","messageId":7,"context":{{"{field}":[]}}}}"#);
        let expected = format!("7 invalid_field: context.{field} must be a string or a number");
        assert_eq!(refusal(TRACK, &body), expected);
    }
}

#[test]
fn each_kind_has_fields_that_it_needs() {
    let mut refusals = String::new();
    for (kind, body) in [
        (Kind::Page, r#"{"userId":null,"anonymousId":""}"#),
        (Kind::Track, r#"{"userId":"u","event":""}"#),
        (Kind::Track, r#"{"userId":"u","event":7}"#),
        (Kind::Alias, r#"{"anonymousId":"a","previousId":"p"}"#),
        (Kind::Alias, r#"{"userId":"u"}"#),
        (Kind::Group, r#"{"userId":"u","groupId":null}"#),
        (Kind::Track, r#"{"userId":"u","event":"e","properties":7}"#),
        (Kind::Track, r#"{"userId":"u","event":"e","properties":[1]}"#),
        (Kind::Identify, r#"{"userId":"u","traits":"t"}"#),
        (Kind::Track, r#"{"userId":"u","event":"e","context":"c"}"#),
        (Kind::Track, r#"{"userId":"u","event":"e","messageId":"m","odd":[1e999]}"#),
    ] {
        writeln!(refusals, "{}", refusal(Form::Single(kind), body)).unwrap();
    }
    insta::assert_snapshot!(refusals, @r"
     missing_field: userId or anonymousId is required
     missing_field: event is required for track
     invalid_field: event must be a string
     missing_field: userId is required for alias
     missing_field: previousId is required for alias
     missing_field: groupId is required for group
     invalid_field: properties must be an object
     invalid_field: properties must be an object
     invalid_field: traits must be an object
     invalid_field: context must be an object
    m invalid_field: invalid JSON body: odd[0]: number out of range at line 1 column 54
    ");
}

#[test]
fn the_route_names_the_kind_and_in_a_batch_the_event_does() {
    let event = one(TRACK, r#"{"type":"page","userId":"u","event":"e"}"#).unwrap();
    assert_eq!(event.content.kind, Kind::Track);
    assert_eq!(event.content.context.as_str(), r#"{"sent":{"type":"page"}}"#);
    insta::assert_snapshot!(shown(r#"{"batch":[
        {"type":"TRACK","userId":"u","event":"a"},{"type":"track","userId":"u","event":"b"},{"type":"Page","userId":"u"},
        {"type":"event","userId":"u"},{"type":"nope","userId":"u"},{"type":7,"userId":"u"},{"userId":"u"},{"type":null,"userId":"u"},7,null,[],
        "x"]}"#), @r#"
    a {"sent":{"type":"TRACK"}}
    b 
    page {"sent":{"type":"Page"}}
    "type must be one of: track, page, screen, identify, group, alias"
    "type must be one of: track, page, screen, identify, group, alias"
    "type must be a string"
    "type is required"
    "type is required"
    "an event must be an object"
    "an event must be an object"
    "an event must be an object"
    "an event must be an object"
    "#);
}

#[test]
fn an_event_is_the_same_by_tenant_message_id_and_time() {
    let body = r#""messageId":"m","timestamp":"2026-11-25T20:39:59.853+00:00""#;
    let event = track(body);
    let at = Timestamp::parse("2026-11-25T20:39:59.853Z").unwrap();
    assert_eq!(event.id, EventId::derive(&Tenant::default(), Source::Segment, "m", at));
    assert_eq!((event.source, event.received_at.to_string()), (Source::Segment, NOW.into()));
    assert_eq!(event.id, track(&format!(r#"{body},"sentAt":"2026-11-25T20:41:00Z""#)).id);
    let new = || track(r#""timestamp":"2026-11-25T20:39:59.853Z""#);
    assert_eq!((new().id.created_at(), &*new().content.message_id), (at, ""));
    assert_ne!(new().id, new().id);
}

#[test]
fn times_are_as_sent_unless_a_clock_runs_ahead() {
    let at = |members: &str| track(members).id.created_at().to_string();
    assert_eq!(at(r#""timestamp":1795639822591"#), "2026-11-25T20:50:22.591Z");
    assert_eq!(at(r#""originalTimestamp":"2026-11-25","timestamp":"soon""#), "2026-11-25T00:00:00.000Z");
    assert_eq!(
        at(r#""originalTimestamp":"2026-11-25","timestamp":"2026-11-24""#),
        "2026-11-24T00:00:00.000Z"
    );
    assert_eq!(at(r#""timestamp":"soon""#), NOW);
    // A day ahead is not too far.
    let ahead = r#""timestamp":"2026-11-27T12:00:00Z","sentAt":"2026-11-27T12:00:05Z""#;
    assert_eq!(at(ahead), "2026-11-27T12:00:00.000Z");
    assert_eq!(at(&ahead.replace("2026", "2036")), "2026-11-26T11:59:55.000Z");
    let window = "m invalid_field: timestamp must be between 30 days ago and one day ahead";
    for members in [
        r#""timestamp":"2036-11-25""#,
        r#""timestamp":"2036-11-25","sentAt":"soon""#,
        r#""timestamp":"2036-11-25","sentAt":"2036-12-31""#,
        r#""timestamp":"2036-11-25","sentAt":"2036-11-20""#,
        r#""timestamp":"2026-10-25""#,
        r#""timestamp":"2026-10-25","sentAt":"2026-10-25""#,
    ] {
        let body = format!(r#"{{"userId":"u","event":"e","messageId":"m",{members}}}"#);
        assert_eq!(refusal(TRACK, &body), window, "{members}");
    }
}

#[test]
fn a_batch_gives_its_context_and_integrations_key_by_key() {
    insta::assert_snapshot!(shown(r#"{"timestamp":"2026-11-01","messageId":"m","sequence":1,"sentAt":"2026-11-26","writeKey":"k",
        "context":{"device":{"type":"phone","name":"P"},"locale":"en","writeKey":"k"},"integrations":{"All":false,"x":1},"batch":[
        {"type":"track","userId":"u","event":"a","context":{"device":{"id": 1},"locale":null},"integrations":{"All":true},"sentAt":"2026-11-25"},
        {"type":"track","userId":"u","event":"b","integrations":[],"context":[],"sentAt":null},
        {"type":"track","userId":"u","event":"c","integrations":false,"context":{"integrations":1,"sent":2,"sent_":3},"writeKey":"k"}]}"#), @r#"
    a {"device":{"id": 1},"locale":null,"integrations":{"All":true,"x":1},"sent":{"sentAt":"2026-11-25"}}
    b {"device":{"type":"phone","name":"P"},"locale":"en","integrations":{"All":false,"x":1},"sent":{"sentAt":"2026-11-26"}}
    c {"integrations":1,"sent":2,"sent_":3,"device":{"type":"phone","name":"P"},"locale":"en","sent__":{"sentAt":"2026-11-26","integrations":false}}
    "#);
}
