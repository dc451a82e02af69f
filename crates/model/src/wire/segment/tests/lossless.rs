//! Everything that is sent is found again, but for write keys.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::wire::random_json::{members, value};

const NAMES: &str = r#"[a-z"\\ü]{1,3}"#;
const TIME: i64 = 1_795_639_822;

fn id() -> impl Strategy<Value = Value> {
    let text = r#"[a-zü"\\]{0,3}"#;
    prop_oneof![Just(Value::Null), any::<i64>().prop_map(Value::from), text.prop_map(Value::from)]
}

/// An event with all that it needs, of whatever kind.
fn event() -> impl Strategy<Value = Map<String, Value>> {
    let kind = prop_oneof![
        Just("track"),
        Just("PAGE"),
        Just("screen"),
        Just("Identify"),
        Just("group"),
        Just("alias")
    ];
    let object = |names| prop_oneof![Just(json!(null)), members(names, value(NAMES)).prop_map(Value::from)];
    let context = prop_oneof![
        members("a|library|sent_?|integrations", value(NAMES)),
        members("traits", members("[a-c]", value(NAMES)).prop_map(Value::from)),
    ];
    let time = prop_oneof![
        Just(json!("2026-11-25T10:00:00.123456+02:00")),
        Just(json!(TIME)),
        Just(json!({"no": "time"})),
        Just(json!("soon")),
    ];
    let rest = members("channel|category|name|[x-z\"]|_metadata|sent|sentAt", value(NAMES));
    let properties = || object("a|error|name|[b-d]");
    let ids = (id(), id(), id());
    (kind, ids, properties(), properties(), context, value(NAMES), time, rest).prop_map(
        |(kind, (message, group, anonymous), properties, traits, context, integrations, time, mut event)| {
            let group = if kind == "group" { json!("g") } else { group };
            let known = json!({
                "type": kind, "userId": "u", "previousId": "p", "event": "e", "messageId": message,
                "anonymousId": anonymous, "groupId": group, "timestamp": time, "properties": properties,
                "traits": traits, "context": context, "integrations": integrations, "writeKey": "the-secret",
            });
            event.extend(known.as_object().unwrap().clone());
            event
        },
    )
}

/// Where what has no column is: the first of these names that the event's own context lacks.
fn place_of_rest(context: &Map<String, Value>) -> String {
    let mut name = "sent".to_owned();
    while context.contains_key(&name) {
        name.push('_');
    }
    name
}

/// What the columns say of a member that is not `null`; `None` if they have none for it.
fn column(content: &crate::Content<'_>, name: &str, sent: &Value) -> Option<Value> {
    let kind = content.kind;
    let has_traits = matches!(kind, Kind::Identify | Kind::Group);
    let text = |text: &str| if sent.is_string() { json!(text) } else { serde_json::from_str(text).unwrap() };
    let object = |text: &str| serde_json::from_str(if text.is_empty() { "{}" } else { text }).unwrap();
    match name {
        "type" if sent == kind.as_str() => Some(json!(kind.as_str())),
        "userId" => Some(text(&content.user_id)),
        "anonymousId" => Some(text(&content.anonymous_id)),
        "messageId" => Some(text(&content.message_id)),
        "groupId" if sent == "" => Some(json!("")),
        "groupId" => Some(text(content.subjects.first()?)),
        "previousId" => Some(text(content.subjects.last()?)),
        "event" if kind == Kind::Track => Some(text(&content.event_name)),
        "name" if matches!(kind, Kind::Page | Kind::Screen) && sent.is_string() => {
            Some(text(if sent == "" { "" } else { &content.event_name }))
        }
        "traits" if has_traits => Some(object(content.properties.as_str())),
        "properties" if !has_traits => Some(object(content.properties.as_str())),
        _ => None,
    }
}

proptest! {
    #[test]
    fn an_event_is_found_again_in_its_columns(sent in event()) {
        let body = json!({ "batch": [sent] }).to_string();
        let limits = Limits { max_event_bytes: 1 << 20, max_added_bytes: 1 << 20, max_events: 1 };
        let read = results(body.as_bytes(), Form::Batch, limits).remove(0);
        let Ok(Operation::Create(event)) = read else { panic!("{read:?}") };
        let content = &event.content;
        let everything = crate::message::encode(&Operation::Create(event.clone()));
        prop_assert!(!String::from_utf8_lossy(&everything).contains("the-secret"), "the write key is kept");
        let context = content.context.as_str();
        let context: Value = if context.is_empty() { json!({}) } else { serde_json::from_str(context).unwrap() };
        let own = sent["context"].as_object().unwrap();
        let rest = context.get(place_of_rest(own)).unwrap_or(&Value::Null);
        for (name, value) in own {
            prop_assert_eq!(&context[name], value);
        }
        for (name, value) in &sent {
            if matches!(name.as_str(), "context" | "writeKey") || value.is_null() {
                continue;
            }
            let kept = if name == "integrations" && !own.contains_key(name) { &context } else { rest };
            let found = column(content, name, value).or_else(|| kept.get(name).cloned());
            // Of a user without traits.
            let found = found.or_else(|| serde_json::from_str(content.properties.as_str()).ok());
            prop_assert_eq!(found.as_ref(), Some(value), "{}", name);
        }
    }
}
