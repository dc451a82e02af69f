//! Which column gets what.

use super::*;

#[test]
fn names_are_those_of_pages_and_else_the_kinds() {
    for (kind, members, name) in [
        (Kind::Track, r#""event":"e","name":"n""#, "e"),
        (Kind::Page, r#""name":"n","properties":{"name":"p"}"#, "n"),
        (Kind::Page, r#""name":null,"properties":{"name":"p"}"#, "p"),
        (Kind::Screen, r#""name":"","properties":{"name":"p"}"#, "p"),
        (Kind::Screen, r#""name":7,"properties":{"name":7}"#, "screen"),
        (Kind::Page, r#""page":{"name":"x"}"#, "page"),
        (Kind::Identify, r#""name":"n","event":"e""#, "identify"),
        (Kind::Group, r#""groupId":"g""#, "group"),
        (Kind::Alias, r#""previousId":"p""#, "alias"),
    ] {
        let event = one(Form::Single(kind), &format!(r#"{{"userId":"u",{members}}}"#)).unwrap();
        assert_eq!(event.content.event_name, name, "{members}");
    }
    let event = one(Form::Single(Kind::Identify), r#"{"userId":"u","name":"n","event":null}"#).unwrap();
    assert_eq!(event.content.context.as_str(), r#"{"sent":{"name":"n","event":null}}"#);
}

#[test]
fn traits_are_the_properties_of_users_and_groups() {
    let properties = |kind: Kind, members: &str| {
        let body = format!(r#"{{"userId":"u","groupId":"g","event":"e",{members}}}"#);
        let content = one(Form::Single(kind), &body).unwrap().content;
        (content.properties.as_str().to_owned(), content.context.as_str().to_owned())
    };
    let of = |properties: &str, context: &str| (properties.to_owned(), context.to_owned());
    let members = r#""traits":{"a": 1},"properties":{"b":1.0}"#;
    let sent = r#"{"sent":{"event":"e","properties":{"b":1.0}}}"#;
    assert_eq!(properties(Kind::Identify, members), of(r#"{"a": 1}"#, sent));
    assert_eq!(properties(Kind::Group, members), of(r#"{"a": 1}"#, sent));
    assert_eq!(properties(Kind::Track, members), of(r#"{"b":1.0}"#, r#"{"sent":{"traits":{"a": 1}}}"#));
    let members = r#""context":{"traits":{"c":null}}"#;
    let context = r#"{"traits":{"c":null},"sent":{"event":"e"}}"#;
    assert_eq!(properties(Kind::Identify, members), of(r#"{"c":null}"#, context));
    assert_eq!(properties(Kind::Group, members), of("", context));
    for empty in [r#""traits":[]"#, r#""traits":[ ]"#, r#""traits":null"#, r#""properties":[]"#] {
        assert_eq!(properties(Kind::Identify, empty).0, "", "{empty}");
    }
    assert_eq!(properties(Kind::Track, r#""properties":[ ]"#), of("", ""));
    assert_eq!(properties(Kind::Track, r#""properties":{ }"#), of("{ }", ""));
}

#[test]
fn an_error_is_one_that_the_properties_tell_in_words() {
    for (properties, error) in [
        (r#"{"a":1,"error":"t\u0069meout"}"#, "timeout"),
        (r#"{"error":7}"#, ""),
        (r#"{"error":null}"#, ""),
        (r#"{"a":{"error":"deep"}}"#, ""),
    ] {
        let content = track(&format!(r#""properties":{properties}"#)).content;
        assert_eq!((&*content.error, content.properties.as_str()), (error, properties));
    }
    let identify = one(Form::Single(Kind::Identify), r#"{"userId":"u","traits":{"error":"e"}}"#).unwrap();
    assert_eq!(identify.content.error, "");
}

#[test]
fn subjects_and_session_are_found_in_the_context_too() {
    let content = track(r#""context":{"groupId":"c","sessionId":1795639822591}"#).content;
    assert_eq!((content.subjects, &*content.conversation_id), (vec!["c".into()], "1795639822591"));
    let content = track(r#""groupId":"g","previousId":"p","context":{"groupId":"c"}"#).content;
    assert_eq!(content.subjects, ["g", "p"].map(Text::from));
    assert_eq!(content.context.as_str(), r#"{"groupId":"c"}"#);
}

#[test]
fn what_has_no_column_is_in_the_context_as_it_was_sent() {
    let content = track(
        r#""timestamp":"2026-11-25T10:00:00.123456+02:00","context":{"b": [1.0, 1e2],"ip":"203.0.113.7"},"channel":"server",
            "_metadata":{"x":null},"category":null,"a\"b":"\u00fc","integrations":{"Mixpanel":{"a": 1}},"messageId":"m","sentAt":"soon","writeKey":"k","write_key":"k""#,
    )
    .content;
    insta::assert_snapshot!(content.context.as_str(), @r#"{"b":[1.0, 1e2],"ip":"203.0.113.7","integrations":{"Mixpanel":{"a": 1}},"sent":{"timestamp":"2026-11-25T10:00:00.123456+02:00","channel":"server","_metadata":{"x":null},"category":null,"a\"b":"\u00fc","sentAt":"soon"}}"#);
    assert_eq!(track(r#""integrations":[]"#).content.context.as_str(), r#"{"integrations":[]}"#);
    assert_eq!(track(r#""context":{},"integrations":null"#).content.context.as_str(), "");
    let content = track(r#""integrations":{"All":true},"context":{"integrations":1,"writeKey":"k"}"#).content;
    assert_eq!(content.context.as_str(), r#"{"integrations":1,"sent":{"integrations":{"All":true}}}"#);
}

#[test]
fn a_semantic_event_has_either_spelling() {
    let snake = r#"{"type":"Track","event":"e","message_id":"m","user_id":"u","anonymous_id":"a","write_key":"k","entity_gid":"g"}"#;
    let camel = r#"{"type":"Track","event":"e","messageId":"m","userId":"u","anonymousId":"a","writeKey":"k","entity_gid":"g"}"#;
    let event = one(Form::Semantic, snake).unwrap();
    assert_eq!(event.content, one(Form::Semantic, camel).unwrap().content);
    assert_eq!([&*event.content.message_id, &*event.content.anonymous_id], ["m", "a"]);
    assert_eq!(event.content.context.as_str(), r#"{"sent":{"type":"Track","entity_gid":"g"}}"#);
    let named = |members: &str| {
        one(Form::Semantic, &format!(r#"{{"type":"page","user_id":"u",{members}}}"#)).unwrap().content
    };
    let by_gid = named(r#""message_id":null,"event_gid":"g","page":{"name":"n"},"properties":{"name":"p"}"#);
    assert_eq!([&*by_gid.message_id, &*by_gid.event_name], ["g", "n"]);
    assert_eq!(by_gid.context.as_str(), r#"{"sent":{"event_gid":"g","page":{"name":"n"}}}"#);
    assert_eq!(named(r#""eventGid":"g","messageId":"m""#).message_id, "m");
    let both = one(Form::Semantic, r#"{"type":"page","user_id":"v","userId":"u"}"#).unwrap().content;
    assert_eq!((&*both.user_id, both.context.as_str()), ("u", r#"{"sent":{"user_id":"v"}}"#));
    assert_eq!(
        refusal(Form::Semantic, r#"{"message_id":"m","user_id":"u"}"#),
        "m missing_field: type is required"
    );
}
