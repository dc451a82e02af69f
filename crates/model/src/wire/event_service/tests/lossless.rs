//! What is sent in any spelling is returned equal by value, but for what is unset.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Map;

use super::*;
use crate::message::{decode, encode};
use crate::wire::random_json::{members, value};

fn text() -> impl Strategy<Value = Value> {
    r#"[a-zü"\\ ]{0,4}"#.prop_map(Value::from)
}

fn time() -> impl Strategy<Value = Value> {
    let zone = select(vec!["", "Z", "+00:00", "-05:30"]);
    let time = (r"2026-11-(1[0-9]|2[0-5])T[01][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?", zone)
        .prop_map(|(time, zone)| json!(time + zone));
    let unset =
        select(vec!["0001-01-01T00:00:00", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.0000000+00:00"]);
    prop_oneof![4 => time, 1 => unset.prop_map(Value::from)]
}

fn list() -> impl Strategy<Value = Value> {
    proptest::collection::vec(text(), 0..3).prop_map(Value::from)
}

fn data() -> impl Strategy<Value = Value> {
    let object = || members("[a-c]|data", value("[a-c]")).prop_map(Value::from);
    prop_oneof![
        object(),
        object().prop_map(|object| json!(object.to_string())),
        (r"[ \n]?", object(), r"[ \n]?")
            .prop_map(|(before, object, behind)| json!(format!("{before}{object}{behind}"))),
        any::<String>().prop_map(Value::from),
        select(vec!["", "{}", "[]", "null", "true", "{", "7", "\"{}\""]).prop_map(Value::from),
    ]
}

/// A value that the member may have.
fn value_of(field: Field) -> BoxedStrategy<Value> {
    match field {
        Field::Topic => "[a-zü.]{1,4}".prop_map(Value::from).boxed(),
        Field::Subjects | Field::Tags | Field::SourceTraceIds => list().boxed(),
        Field::Data => data().boxed(),
        Field::Start | Field::End | Field::CreatedDateUtc | Field::ExpirationDateUtc => time().boxed(),
        Field::AccessPolicy | Field::SharingPolicy | Field::RetentionPolicy | Field::EncryptionProvider => {
            value("[a-c]").boxed()
        }
        _ => text().boxed(),
    }
}

/// A name as .NET, JavaScript or Python write it, or as nobody does.
fn spelled(field: Field, spelling: usize) -> String {
    let pascal = field.pascal();
    match spelling {
        0 => pascal.into(),
        1 => field.camel().into(),
        2 => pascal
            .chars()
            .flat_map(|letter| {
                let underscore = letter.is_uppercase().then_some('_');
                underscore.into_iter().chain(letter.to_lowercase())
            })
            .collect::<String>()
            .trim_start_matches('_')
            .into(),
        _ => format!("_{}_", pascal.to_uppercase()),
    }
}

/// Some members with their values and spellings; a topic is always there.
fn known() -> impl Strategy<Value = Vec<(Field, Value, usize)>> {
    let others = Field::ALL.iter().filter(|field| **field != Field::Topic).map(|field| {
        let value = prop_oneof![6 => value_of(*field), 1 => Just(Value::Null)];
        proptest::option::of((Just(*field), value, 0..4_usize))
    });
    let topic = (Just(Field::Topic), value_of(Field::Topic), 0..4_usize);
    (topic, others.collect::<Vec<_>>())
        .prop_map(|(topic, others)| std::iter::once(topic).chain(others.into_iter().flatten()).collect())
}

/// What is returned of a member that is not unset.
fn expected(known: &[(Field, Value, usize)]) -> Map<String, Value> {
    let is_set = |value: &Value| {
        !value.is_null() && !value.as_str().is_some_and(|text| text.starts_with("0001-01-01"))
    };
    let set = known.iter().filter(|(_, value, _)| is_set(value));
    let mut expected: Map<_, _> =
        set.map(|(field, value, _)| (field.camel().to_owned(), value.clone())).collect();
    let is_empty = |name: &str| expected.get(name).is_none_or(|value| value == "");
    if is_empty("actorId") && !is_empty("userId") {
        let user = expected.remove("userId").unwrap();
        expected.insert("actorId".into(), user);
    }
    expected
}

proptest! {
    #[test]
    fn a_message_is_returned_as_it_was_sent(
        known in known(),
        unknown in members("x[a-c]?|Topic2|the topic", value("[a-c]")),
    ) {
        let mut sent = unknown.clone();
        sent.extend(known.iter().map(|(field, value, spelling)| (spelled(*field, *spelling), value.clone())));
        let body = Value::from(sent).to_string();
        let event = one(&body).unwrap();
        // Also by way of the topic.
        let id = event.id.to_string();
        let operation = Operation::Create(Box::new(event));
        let encoded = encode(&operation);
        let Ok(Operation::Create(event)) = decode(Some(id.as_bytes()), &encoded) else { panic!("{body}") };
        prop_assert_eq!(&Operation::Create(event.clone()), &operation);
        let mut expected = expected(&known);
        expected.extend(unknown);
        if expected.get("eventId").is_none_or(|sent| sent == "") {
            expected.insert("eventId".into(), json!(id));
        }
        prop_assert_eq!(returned(&event), Value::from(expected), "{}", body);
    }
}
