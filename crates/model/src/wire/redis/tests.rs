//! What the decoder makes of messages, decision by decision.

mod never_panics;

use super::*;
use crate::message;
use crate::{EventNames, Tenant, Window};

const NOW: &str = "2026-11-26T12:00:00.000Z";
const AT: &str = r#""timestamp":"2026-11-25T10:00:00Z""#;

fn read(message: &[u8]) -> Result<Event<'_>, WireError> {
    let now = Timestamp::parse(NOW).unwrap();
    let names = EventNames::Listed(vec!["of the native dialect".into()]);
    let tenant = Tenant::parse("ours").unwrap();
    let intake = Intake { tenant, now, window: Window::around(now, 30), names: &names };
    match decode(message, now, &intake)? {
        Operation::Create(event) => Ok(*event),
        other => panic!("{other:?}"),
    }
}

fn event(members: &str) -> Event<'static> {
    let message = format!(r#"{{"event_type":"a.b",{members}}}"#);
    read(message.as_bytes()).unwrap().into_owned()
}

fn context(members: &str) -> String {
    event(members).content.context.as_str().to_owned()
}

#[test]
fn both_envelopes_give_the_same_columns() {
    let base = read(
        br#"{"event_id":"e-1","event_type":"payment.failed","tenant_id":"acme","user_id":"ada",
        "timestamp":"2026-11-25T10:00:00.5Z","data":{"amount": 12.50 ,"error_code":"card_declined"},
        "metadata":{"session_id":"s-1","request_id":"r-1","response_time_ms":12.5}}"#,
    )
    .unwrap();
    let domain = read(
        br#"{"id":"e-1","event_type":"PaymentFailed","aggregate_id":"p-1","aggregate_type":"payment",
        "tenant_id":"acme","data":{"amount": 12.50 ,"error_code":"card_declined"},"metadata":{"user_id":"ada",
        "session_id":"s-1","request_id":"r-1","response_time_ms":12.5},"version":1,"occurred_at":"2026-11-25T10:00:00.5Z"}"#,
    )
    .unwrap();
    assert_eq!((base.key(), base.source), (domain.key(), domain.source));
    let at = Timestamp::parse("2026-11-25T10:00:00.500Z").unwrap();
    assert_eq!(base.id, EventId::derive(&Tenant::parse("acme").unwrap(), Source::Redis, "e-1", at));
    insta::assert_snapshot!(serde_json::to_string_pretty(&[&base.content, &domain.content]).unwrap());
}

#[test]
fn an_id_is_derived_from_event_id_and_time_or_else_from_the_whole_message() {
    let twice = |members: &str| {
        let events = [event(members), event(members)];
        assert!(events.iter().all(|event| event.id.uuid().get_version_num() == 8));
        (events[0].id == events[1].id, events[0].id.created_at().to_string())
    };
    let at = "2026-11-25T10:00:00.000Z";
    assert_eq!(twice(&format!(r#""event_id":"e",{AT}"#)), (true, at.into()));
    assert_eq!(twice(AT), (true, at.into()));
    assert_eq!(twice(r#""event_id":"e""#), (true, NOW.into()));
    // Of another content under the same id, or under none.
    assert_eq!(
        event(&format!(r#""event_id":"e",{AT}"#)).id,
        event(&format!(r#""id":"e","data":{{}},{AT}"#)).id
    );
    assert_ne!(event(AT).id, event(&format!(r#"{AT},"data":{{}}"#)).id);
    assert_ne!(event(&format!(r#"{AT},"tenant_id":"a""#)).id, event(&format!(r#"{AT},"tenant_id":"b""#)).id);
    // The time of a UUID counts where there is no other, if it lies in the window.
    let uuid = r#""event_id":"019abaee-d000-7000-8000-000000000000""#;
    assert_eq!(twice(uuid), (true, NOW.into()));
    let recent = EventId::new(Timestamp::parse("2026-11-20T00:00:00Z").unwrap());
    assert_eq!(twice(&format!(r#""event_id":"{recent}""#)), (true, "2026-11-20T00:00:00.000Z".into()));
}

#[test]
fn a_time_is_read_in_the_forms_that_publishers_write() {
    let at = |members: &str| event(members).id.created_at().to_string();
    for time in [
        r#""2026-11-25T10:00:00.123456""#,
        r#""2026-11-25T12:00:00.123+02:00""#,
        r#""2026-11-25 10:00:00.123456""#,
        r#""2026-11-25 10:00:00.123Z""#,
        "1795600800123",
        "1795600800.123",
        r#""1795600800.123""#,
    ] {
        for field in ["timestamp", "occurred_at", "recorded_at"] {
            assert_eq!(at(&format!(r#""{field}":{time}"#)), "2026-11-25T10:00:00.123Z", "{time}");
        }
    }
    assert_eq!(
        at(r#""recorded_at":"2026-11-26T11:00:00Z","occurred_at":"2026-11-26T10:00:00Z""#),
        "2026-11-26T10:00:00.000Z"
    );
    for absent in ["null", r#""""#, r#""0001-01-01T00:00:00""#] {
        assert_eq!(
            at(&format!(r#""timestamp":{absent},"recorded_at":"2026-11-26T11:00:00Z""#)),
            "2026-11-26T11:00:00.000Z"
        );
    }
}

#[test]
fn a_tenant_is_the_messages_or_the_intakes() {
    let tenant = |members: &str| event(members).tenant.to_string();
    for (members, expected) in [
        (AT, "ours"),
        (r#""tenant_id":null"#, "ours"),
        (r#""tenant_id":"""#, "ours"),
        (r#""tenant_id":"acme""#, "acme"),
        (r#""tenant_id":42"#, "42"),
        (r#""context":{"business_context":{"tenant_id":"acme"}}"#, "acme"),
        (r#""tenant_id":"one","context":{"business_context":{"tenant_id":"two"}}"#, "one"),
        (r#""context":{"business_context":7}"#, "ours"),
        (r#""context":"x""#, "ours"),
    ] {
        assert_eq!(tenant(members), expected, "{members}");
    }
}

#[test]
fn a_user_is_the_envelopes_or_the_metadatas() {
    let user = |members: &str| event(members).content.user_id.to_string();
    assert_eq!(user(r#""user_id":"ada","metadata":{"user_id":"bob"}"#), "ada");
    assert_eq!(user(r#""user_id":null,"metadata":{"user_id":"bob"}"#), "bob");
    assert_eq!(user(r#""user_id":4711"#), "4711");
    assert_eq!(user(r#""metadata":{}"#), "");
}

#[test]
fn an_error_is_a_word_or_a_number_other_than_zero() {
    for (data, expected) in [
        (r#"{"error_code":"E1","failure_reason":"no funds"}"#, "E1"),
        (r#"{"error_code":"","failure_reason":"no funds"}"#, "no funds"),
        (r#"{"failure_reason":"no funds"}"#, "no funds"),
        (r#"{"error_code":402}"#, "402"),
        (r#"{"error_code":0}"#, ""),
        (r#"{"error_code":0.0,"failure_reason":null}"#, ""),
        (r#"{"error_code":{"a":1}}"#, ""),
        (r#"{"a":{"error_code":"E1"}}"#, ""),
        (r#""{\"error_code\":\"E1\"}""#, "E1"),
    ] {
        assert_eq!(event(&format!(r#""data":{data}"#)).content.error, *expected, "{data}");
    }
}

#[test]
fn a_latency_is_a_number_or_a_text_of_one() {
    for (sent, millis) in [
        ("12.5", 12.5),
        (r#""12.5""#, 12.5),
        ("0", 0.0),
        ("-1", 0.0),
        (r#""soon""#, 0.0),
        ("{}", 0.0),
        (r#""NaN""#, 0.0),
    ] {
        let event = event(&format!(r#""metadata":{{"response_time_ms":{sent}}}"#));
        assert!((event.content.latency.millis() - millis).abs() < f64::EPSILON, "{sent}");
        assert_eq!(event.content.context.as_str(), format!(r#"{{"response_time_ms":{sent}}}"#));
    }
}

#[test]
fn money_stays_the_text_that_was_sent() {
    for data in [r#"{"total":"64.320"}"#, r#"{"total": 64.320, "tax":1e2,"units":12345678901234567890123}"#] {
        let event = event(&format!(r#""data":{data}"#));
        let id = event.id.to_string();
        let encoded = message::encode(&Operation::Create(Box::new(event)));
        let Ok(Operation::Create(event)) = message::decode(Some(id.as_bytes()), &encoded) else { panic!() };
        assert_eq!(event.content.properties.as_str(), data);
    }
}

#[test]
fn what_has_no_column_is_in_the_context() {
    for (members, expected) in [
        (r#""metadata":{}"#, ""),
        (r#""metadata":{"a": 1.0, "user_id":"u"}"#, r#"{"a":1.0,"user_id":"u"}"#),
        (AT, r#"{"sent":{"timestamp":"2026-11-25T10:00:00Z"}}"#),
        (r#""metadata":{"sent":1},"version":2"#, r#"{"sent":1,"sent_":{"version":2}}"#),
        (r#""metadata":"text""#, r#"{"sent":{"metadata":"text"}}"#),
        (r#""data":[1],"metadata":[]"#, r#"{"sent":{"data":[1],"metadata":[]}}"#),
        (r#""data":"text""#, r#"{"sent":{"data":"text"}}"#),
        (r#""data":"{\"a\":1}""#, ""),
        (r#""request_id":"r","x":null"#, r#"{"sent":{"request_id":"r","x":null}}"#),
        (r#""event_id":"e","id":"i""#, r#"{"sent":{"id":"i"}}"#),
    ] {
        assert_eq!(context(members), expected, "{members}");
    }
    let other = read(br#"{"event_type":"events.user.UserCreated","event_version":3}"#).unwrap().content;
    assert_eq!(&*other.event_name, "user.created");
    assert_eq!(
        other.context.as_str(),
        r#"{"sent":{"event_type":"events.user.UserCreated","event_version":3}}"#
    );
}

#[test]
fn a_channel_has_the_category_and_the_action() {
    for (name, expected) in [
        ("order.created", "events:order:created"),
        ("user.password.reset", "events:user:password.reset"),
        ("heartbeat", "events:heartbeat"),
    ] {
        assert_eq!(channel(name), expected);
    }
}

#[test]
fn a_request_id_is_a_trace_id() {
    let traces = |members: &str| serde_json::to_string(&event(members).content.trace_ids).unwrap();
    assert_eq!(traces(r#""request_id":"r","metadata":{"request_id":"m"}"#), r#"["m"]"#);
    assert_eq!(traces(r#""request_id":"r""#), r#"["r"]"#);
    assert_eq!(traces(AT), "[]");
}

#[test]
fn what_can_not_be_read_is_refused_with_the_name_of_its_field() {
    let long = format!(r#"{{"event_type":"a.b","event_id":"{}"}}"#, "x".repeat(1_025));
    let deep = format!(r#"{{"event_type":"a.b","data":{}1{}}}"#, r#"{"a":"#.repeat(200), "}".repeat(200));
    let refusals = [
        "",
        "hello",
        "{",
        "7",
        "[]",
        r#"{"event_type":"a.b"} x"#,
        r#"{"event_type":"a.b","data":{"total":NaN}}"#,
        "{}",
        r#"{"event_type":""}"#,
        r#"{"event_type":7}"#,
        r#"{"event_type":"a.b","event_id":{}}"#,
        r#"{"event_type":"a.b","tenant_id":"no such"}"#,
        r#"{"event_type":"a.b","tenant_id":[]}"#,
        r#"{"event_type":"a.b","user_id":true}"#,
        r#"{"event_type":"a.b","timestamp":"yesterday"}"#,
        r#"{"event_type":"a.b","timestamp":true}"#,
        r#"{"event_type":"a.b","timestamp":"2020-01-01T00:00:00Z"}"#,
        r#"{"event_type":"a.b","occurred_at":"9999-01-01T00:00:00Z"}"#,
        r#"{"event_type":"a.b","data":{"a":1e999}}"#,
        r#"{"event_type":"a.b","metadata":{"a":"\ud800"}}"#,
        r#"{"event_type":"a.b","metadata":{"session_id":[]}}"#,
        &long,
        &deep,
    ];
    let shown = refusals.map(|message| read(message.as_bytes()).unwrap_err().to_string());
    insta::assert_snapshot!(shown.join("\n"));
    assert_eq!(read(b"{\"event_type\":\"a\xff\"}").unwrap_err().code(), "invalid_json");
}
