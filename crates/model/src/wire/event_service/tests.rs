//! What the decoder makes of messages, decision by decision.

mod bodies;
mod lossless;
mod never_panics;
mod refusals;

use serde_json::{Value, json};

use super::*;
use crate::{Event, EventId, EventNames, Source, Tenant, Timestamp, Window};

const NOW: &str = "2026-11-26T12:00:00.000Z";
const LIMITS: Limits = Limits { max_events: 5_000 };

fn results(body: &[u8], limits: Limits) -> Result<Vec<Result<Operation<'_>, Refused>>, WireError> {
    let now = Timestamp::parse(NOW).unwrap();
    let names = EventNames::Listed(vec!["of the native dialect".into()]);
    let intake = Intake { tenant: Tenant::default(), now, window: Window::around(now, 30), names: &names };
    Ok(read(body, limits)?.operations(&intake))
}

fn one(body: &str) -> Result<Event<'static>, Refused> {
    let mut results = results(body.as_bytes(), LIMITS).unwrap();
    assert_eq!(results.len(), 1);
    match results.remove(0)? {
        Operation::Create(event) => Ok(event.into_owned()),
        other => panic!("{other:?}"),
    }
}

/// A message with a topic and more members.
fn message(members: &str) -> Event<'static> {
    one(&format!(r#"{{"Topic":"t",{members}}}"#)).unwrap()
}

/// The message as a query answers it.
fn returned(event: &Event<'_>) -> Value {
    serde_json::to_value(Returned::new(event)).unwrap()
}

#[test]
fn three_spellings_give_the_same_row() {
    let pascal = one(r#"{"EventId":"e-1","Topic":"plate.moved","Subjects":["plate-1","arm"],"Tags":["run 7"],
        "Data":{"from":"A1", "to":null},"Start":"2026-11-20T01:00:00.1234567","End":"0001-01-01T00:00:00",
        "CreatedDateUtc":"2026-11-20T01:02:03.4567891","ExpirationDateUtc":null,"OrganizationId":"o","GroupId":"g",
        "OwnerId":"w","ActorId":"ada","OperatorId":"r-7","ActivityId":"a-1","AssociationId":"as","ModuleId":"m",
        "OrchestratorId":"or","SourceTraceIds":["tr"],"AccessPolicy":"ap","SharingPolicy":{"s":1},
        "RetentionPolicy":30,"EncryptionProvider":"ep"}"#).unwrap();
    let camel = one(r#"{"eventId":"e-1","topic":"plate.moved","subjects":["plate-1","arm"],"tags":["run 7"],
        "data":{"from":"A1", "to":null},"start":"2026-11-20T01:00:00.1234567","end":"0001-01-01T00:00:00",
        "createdDateUtc":"2026-11-20T01:02:03.4567891","expirationDateUtc":null,"organizationId":"o","groupId":"g",
        "ownerId":"w","actorId":"ada","operatorId":"r-7","activityId":"a-1","associationId":"as","moduleId":"m",
        "orchestratorId":"or","sourceTraceIds":["tr"],"accessPolicy":"ap","sharingPolicy":{"s":1},
        "retentionPolicy":30,"encryptionProvider":"ep"}"#).unwrap();
    // In another order, and with the name that Python's clients use for the actor.
    let snake = one(r#"{"encryption_provider":"ep","retention_policy":30,"sharing_policy":{"s":1},"access_policy":"ap",
        "source_trace_ids":["tr"],"orchestrator_id":"or","module_id":"m","association_id":"as","activity_id":"a-1",
        "operator_id":"r-7","user_id":"ada","owner_id":"w","group_id":"g","organization_id":"o",
        "expiration_date_utc":null,"created_date_utc":"2026-11-20T01:02:03.4567891","end":"0001-01-01T00:00:00",
        "start":"2026-11-20T01:00:00.1234567","data":{"from":"A1", "to":null},"tags":["run 7"],
        "subjects":["plate-1","arm"],"topic":"plate.moved","event_id":"e-1"}"#).unwrap();
    assert_eq!([&camel, &snake], [&pascal; 2]);
    insta::assert_snapshot!(serde_json::to_string_pretty(&pascal.content).unwrap());
    insta::assert_snapshot!(serde_json::to_string_pretty(&Returned::new(&pascal)).unwrap());
}

#[test]
fn an_id_is_derived_from_both_id_and_time_or_made_anew() {
    // This id is a UUID of version 7 with another time.
    let sent =
        r#""EventId":"0193cbd5-0000-7000-8000-000000000000","CreatedDateUtc":"2026-11-20T01:02:03.4567891""#;
    let event = message(sent);
    let at = Timestamp::parse("2026-11-20T01:02:03.456Z").unwrap();
    let id =
        EventId::derive(&Tenant::default(), Source::EventService, "0193cbd5-0000-7000-8000-000000000000", at);
    assert_eq!(
        (event.id, event.source, event.received_at.to_string()),
        (id, Source::EventService, NOW.into())
    );
    assert_eq!(message(&format!(r#"{sent},"Tags":["again"]"#)).id, id);
    for (members, at) in [
        (r#""EventId":"e""#, NOW),
        (r#""EventId":"e","CreatedDateUtc":"0001-01-01T00:00:00""#, NOW),
        (r#""EventId":"","CreatedDateUtc":"2026-11-20T01:02:03""#, "2026-11-20T01:02:03.000Z"),
        (r#""CreatedDateUtc":"2026-11-20T03:02:03+02:00""#, "2026-11-20T01:02:03.000Z"),
    ] {
        let (first, second) = (message(members), message(members));
        assert_ne!(first.id, second.id, "{members}");
        assert_eq!(first.id.created_at().to_string(), at, "{members}");
    }
}

#[test]
fn data_come_back_as_what_they_were() {
    for (sent, properties, context) in [
        (r#"{"a": 1.0 }"#, r#"{"a": 1.0 }"#, ""),
        ("{}", "{}", ""),
        ("null", "", ""),
        (r#""{\"a\": 1.0 }""#, r#"{"a": 1.0 }"#, r#"{"data":true}"#),
        (r#""{}""#, "{}", r#"{"data":true}"#),
        (r#"" {\"a\":1}\n""#, r#"{"a":1}"#, r#"{"data":" {\"a\":1}\n"}"#),
        (r#""""#, "", r#"{"data":""}"#),
        (r#""free text""#, "", r#"{"data":"free text"}"#),
        (r#""[1]""#, "", r#"{"data":"[1]"}"#),
        (r#""{\"a\":""#, "", r#"{"data":"{\"a\":"}"#),
        (r#""{\"a\":1e999}""#, "", r#"{"data":"{\"a\":1e999}"}"#),
        (r#""{\"a\":1}{}""#, "", r#"{"data":"{\"a\":1}{}"}"#),
    ] {
        let event = message(&format!(r#""Data":{sent}"#));
        let Event { content, .. } = &event;
        assert_eq!([content.properties.as_str(), content.context.as_str()], [properties, context], "{sent}");
        let sent: Value = serde_json::from_str(sent).unwrap();
        assert_eq!(returned(&event)["data"], sent);
    }
}

#[test]
fn what_is_unset_comes_back_absent_and_times_as_their_text() {
    let event = one(
        r#"{"Topic":"t","CreatedDateUtc":"0001-01-01T00:00:00","Start":"2026-11-20T01:00:00.1234567","ExpirationDateUtc":null}"#,
    )
    .unwrap();
    let id = event.id.to_string();
    assert_eq!(
        returned(&event),
        json!({"eventId": id, "topic": "t", "start": "2026-11-20T01:00:00.1234567"})
    );
    let event = message(
        r#""EventId":"e","End":"9999-12-31T23:59:59.9999999","CreatedDateUtc":"2026-11-26T13:00:00+02:00""#,
    );
    assert_eq!(
        returned(&event),
        json!({"eventId": "e", "topic": "t", "end": "9999-12-31T23:59:59.9999999", "createdDateUtc": "2026-11-26T13:00:00+02:00"})
    );
}

#[test]
fn a_user_is_the_actor_only_where_there_is_none() {
    let both = message(r#""ActorId":"ada","UserId":"bob""#);
    assert_eq!((&*both.content.user_id, both.content.context.as_str()), ("ada", r#"{"userId":"bob"}"#));
    for actor in ["null", r#""""#] {
        let user = message(&format!(r#""user_id":"bob","actor_id":{actor}"#));
        assert_eq!((&*user.content.user_id, &returned(&user)["actorId"]), ("bob", &json!("bob")));
        assert_eq!(returned(&user).get("userId"), None);
    }
}

#[test]
fn the_last_spelling_of_a_name_counts() {
    let event = message(r#""topic":"u","TOPIC":"v","Tags":["a"],"tags":null,"x":1,"X":2"#);
    let content = &event.content;
    assert_eq!(
        (&*content.event_name, content.tags.len(), content.context.as_str()),
        ("v", 0, r#"{"x":1,"X":2}"#)
    );
}

#[test]
fn changes_and_other_dialects_are_returned_too() {
    let mut event = message(r#""Data":"free text","ActorId":"","Tags":[]"#);
    event.content.user_id = "ada".into();
    event.content.tags = vec!["late".into()];
    event.content.properties = crate::JsonText::parse(r#"{"now":1}"#).unwrap();
    let id = event.id.to_string();
    let changed =
        json!({"eventId": id, "topic": "t", "tags": ["late"], "data": {"now": 1}, "actorId": "ada"});
    assert_eq!(returned(&event), changed);
    event.source = Source::Native;
    let at = event.id.created_at().to_string();
    assert_eq!(returned(&event)["createdDateUtc"], json!(at));
}
