//! Every kind of bad message is refused with the name of the field that is wrong.

use super::*;

fn refusals(messages: &[(&str, &str)]) -> String {
    let refusal = |(field, members): &(&str, &str)| {
        let topic = if *field == "Topic" { "" } else { r#","Topic":"t""# };
        let body = format!(r#"{{"EventId":"e-1"{topic},{members}}}"#);
        let Refused { event_id, error } = one(&body).expect_err(&body);
        if *field != "EventId" {
            assert_eq!(event_id.as_deref(), Some("e-1"), "{body}");
        }
        let text = error.to_string();
        assert!(text.contains(field), "{field}: {text}");
        format!("{}: {text}\n", error.code())
    };
    messages.iter().map(refusal).collect()
}

#[test]
fn a_bad_message_is_refused_by_the_name_of_its_field() {
    let (long_id, long_tag) = ("x".repeat(1_025), "x".repeat(257));
    let many = vec!["s"; 101].join(r#"",""#);
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let long: Vec<(&str, String)> = vec![
        ("Topic", format!(r#""Topic":"{long_id}""#)),
        ("EventId", format!(r#""EventId":"{long_id}""#)),
        ("ActorId", format!(r#""ActorId":"{long_id}""#)),
        ("UserId", format!(r#""user_id":"{long_id}""#)),
        ("ActivityId", format!(r#""ActivityId":"{long_id}""#)),
        ("OperatorId", format!(r#""OperatorId":"{long_id}""#)),
        ("Subjects", format!(r#""Subjects":["{long_id}"]"#)),
        ("Subjects", format!(r#""Subjects":["{many}"]"#)),
        ("Tags", format!(r#""Tags":["{long_tag}"]"#)),
        ("SourceTraceIds", format!(r#""SourceTraceIds":["{many}"]"#)),
        ("Data", format!(r#""Data":{{"a":{deep}}}"#)),
        ("AccessPolicy", format!(r#""AccessPolicy":{deep}"#)),
        ("extra", format!(r#""extra":{deep}"#)),
        ("members", unknown(1_001)),
    ];
    let long: Vec<_> = long.iter().map(|(field, members)| (*field, members.as_str())).collect();
    let short = [
        ("Topic", r#""Tags":[]"#),
        ("Topic", r#""Topic":"""#),
        ("Topic", r#""Topic":null"#),
        ("Topic", r#""topic":7"#),
        ("Topic", r#""topic":["t"]"#),
        ("EventId", r#""event_id":7"#),
        ("Subjects", r#""Subjects":"plate-1""#),
        ("Subjects", r#""subjects":[1]"#),
        ("Subjects", r#""subjects":["a",null]"#),
        ("Tags", r#""Tags":{}"#),
        ("SourceTraceIds", r#""source_trace_ids":"t""#),
        ("Data", r#""Data":7"#),
        ("Data", r#""Data":[{"a":1}]"#),
        ("Data", r#""Data":true"#),
        ("Data", r#""Data":{"a":1e999}"#),
        ("Data", r#""Data":{"a":"\ud800"}"#),
        ("Data", r#""Data":"\ud800""#),
        ("Start", r#""Start":"soon""#),
        ("Start", r#""Start":1795639822"#),
        ("End", r#""End":"2026-11-20""#),
        ("ExpirationDateUtc", r#""expiration_date_utc":"""#),
        ("CreatedDateUtc", r#""created_date_utc":"2026-13-01T00:00:00""#),
        ("CreatedDateUtc", r#""CreatedDateUtc":"2020-01-01T00:00:00""#),
        ("CreatedDateUtc", r#""CreatedDateUtc":"2036-01-01T00:00:00Z""#),
        ("CreatedDateUtc", r#""CreatedDateUtc":"9999-12-31T23:59:59.9999999""#),
        ("CreatedDateUtc", r#""CreatedDateUtc":{}"#),
        ("OrganizationId", r#""OrganizationId":7"#),
        ("GroupId", r#""GroupId":[]"#),
        ("OwnerId", r#""OwnerId":{}"#),
        ("ActorId", r#""ActorId":false"#),
        ("UserId", r#""user_id":7"#),
        ("OperatorId", r#""OperatorId":1.5"#),
        ("ActivityId", r#""ActivityId":7"#),
        ("AssociationId", r#""AssociationId":["a"]"#),
        ("ModuleId", r#""ModuleId":7"#),
        ("OrchestratorId", r#""OrchestratorId":7"#),
        ("SharingPolicy", r#""SharingPolicy":1e999"#),
        ("extra", r#""extra":["\ud800"]"#),
    ];
    insta::assert_snapshot!(refusals(&short));
    insta::assert_snapshot!(refusals(&long));
}

/// So many members that nobody knows.
fn unknown(count: usize) -> String {
    (0..count).map(|number| format!(r#""x{number}":null"#)).collect::<Vec<_>>().join(",")
}

#[test]
fn what_is_as_long_as_may_be_is_taken() {
    let (id, tag) = ("x".repeat(1_024), "x".repeat(256));
    let many = vec![id.as_str(); 100].join(r#"",""#);
    let event = one(&format!(
        r#"{{"Topic":"{id}","EventId":"{id}","Subjects":["{many}"],"Tags":["{tag}"],"OwnerId":"{id}",{}}}"#,
        unknown(1_000)
    ))
    .unwrap();
    assert_eq!(event.content.subjects.len(), 100);
    assert!(event.content.context.as_str().contains("x999"));
}
