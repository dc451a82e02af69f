//! Messages are found again by what they are about.

use model::{Content, Event, EventId, Operation, Source, Tenant, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use super::{QUERY, is_refusal, message};
use crate::harness::{App, Ask};

impl App {
    /// The ids of what is found, in its order.
    async fn found(&self, query: Value) -> Vec<String> {
        let answer = self.post(QUERY, &query).await;
        if answer.status == 204 {
            assert_eq!((&*answer.text, answer.header("content-type")), ("", ""), "{query}");
            return Vec::new();
        }
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
        let events = answer.json();
        let ids: Vec<String> = events
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["eventId"].as_str().unwrap().into())
            .collect();
        assert!(!ids.is_empty(), "{query}");
        ids
    }
}

/// A message of this minute of an hour.
fn at(minute: u8, id: &str, members: Value) -> Value {
    let mut message = message(members);
    message["EventId"] = json!(id);
    message["CreatedDateUtc"] = json!(format!("2026-11-20T10:{minute:02}:00.1234567"));
    message
}

#[tokio::test]
async fn what_was_sent_is_found_with_all_of_its_fields() {
    let app = App::start().await;
    let all = json!({
        "eventId": "e-1", "topic": "plate.moved", "subjects": ["plate-1", "arm"], "tags": ["run 7"],
        "data": {"to": "A1", "volume": 1.50, "none": null, "list": [{}]}, "start": "2026-11-20T01:00:00.1234567",
        "end": "9999-12-31T23:59:59.9999999", "createdDateUtc": "2026-11-20T21:57:13.1234567",
        "expirationDateUtc": "2030-01-01T00:00:00+01:00", "organizationId": "o", "groupId": "g", "ownerId": "w",
        "actorId": "ada", "userId": "bob", "operatorId": "r-7", "activityId": "a-1", "associationId": "as",
        "moduleId": "m", "orchestratorId": "or", "sourceTraceIds": ["t-1"], "accessPolicy": {"read": ["lab"]},
        "sharingPolicy": "sp", "retentionPolicy": 30, "encryptionProvider": "ep", "plate position": 3
    });
    assert_eq!(app.message(&all).await.status, 200);
    app.settled().await;
    for path in [QUERY, "/api/v2.0/QueryService/Events/", "//api/v2.0/QueryService/Events?limit=1&offset=0"] {
        let answer = app.post(path, "{}").await;
        assert_eq!((answer.status.as_u16(), answer.json()), (200, json!([all])), "{path}");
    }
}

#[tokio::test]
async fn unset_dates_of_dotnet_come_back_absent_and_others_with_their_seven_digits() {
    let app = App::start().await;
    let sent = r#"{"Topic":"t","CreatedDateUtc":"0001-01-01T00:00:00","Start":"2026-11-20T01:00:00.1234567","ExpirationDateUtc":null}"#;
    let answer = app.post(super::PUBLISH, sent).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let id = answer.json()["eventId"].take();
    app.settled().await;
    let found = app.post(QUERY, r#"{"Topic":"t"}"#).await;
    let event = json!({"eventId": id, "topic": "t", "start": "2026-11-20T01:00:00.1234567"});
    assert_eq!((found.status.as_u16(), found.json()), (200, json!([event])));
}

#[tokio::test]
async fn each_filter_finds_its_own_alone_and_with_others() {
    let app = App::start().await;
    let messages = json!([
        at(
            1,
            "a",
            json!({"Subjects": ["plate-1", "arm-7"], "Tags": ["x", "y"], "AssociationId": "as-1",
            "ModuleId": "m-1", "ActorId": "ada", "ActivityId": "ac-1", "SourceTraceIds": ["t-1", "t-2"]})
        ),
        at(
            2,
            "b",
            json!({"Topic": "door.opened", "Subjects": ["plate-2"], "Tags": ["y"], "AssociationId": "as-2",
            "user_id": "bob", "ActivityId": "ac-2", "SourceTraceIds": ["t-2"]})
        ),
        at(
            3,
            "c",
            json!({"Topic": "door.closed", "Subjects": ["Plate-1"], "ActorId": "eve", "UserId": "bob",
            "ModuleId": "m-2", "Data": "as-1"})
        ),
        at(4, "d", json!({"Topic": "it's {x:String} \\ 1' OR '1'='1", "Subjects": ["", "a\nb"]})),
    ]);
    assert_eq!(app.message(&messages).await.status, 200);
    app.settled().await;
    let time = |minute: u8| format!("2026-11-20T10:{minute:02}:00.123");
    for (query, expected) in [
        (json!({}), vec!["d", "c", "b", "a"]),
        (json!({"Topic": "plate.moved"}), vec!["a"]),
        (json!({"topic": ["door.opened", "door.closed", "other"]}), vec!["c", "b"]),
        (json!({"Topic": "it's {x:String} \\ 1' OR '1'='1"}), vec!["d"]),
        (json!({"Topic": "door"}), vec![]),
        (json!({"Subjects": "plate-1"}), vec!["a"]),
        (json!({"Subjects": ["arm-7", "plate-1"]}), vec!["a"]),
        (json!({"Subjects": ["plate-1", "plate-2"]}), vec![]),
        (json!({"Subjects": [""]}), vec!["d"]),
        (json!({"Subjects": "a\nb"}), vec!["d"]),
        (json!({"SubjectsContains": "late-"}), vec!["c", "b", "a"]),
        (json!({"subjects_contains": ["late-2", "arm"]}), vec!["b", "a"]),
        (json!({"SubjectsContains": "plate-1arm"}), vec![]),
        (json!({"SubjectsContains": "%"}), vec![]),
        (json!({"Tags": "y"}), vec!["b", "a"]),
        (json!({"Tags": ["x", "z"]}), vec!["a"]),
        (json!({"AssociationId": ["as-1", "as-3"]}), vec!["a"]),
        (json!({"association_id": "as-2"}), vec!["b"]),
        (json!({"ModuleId": ["m-1", "m-2"]}), vec!["c", "a"]),
        (json!({"ActorId": ["ada", "bob"]}), vec!["b", "a"]),
        (json!({"user_id": "bob"}), vec!["b"]),
        (json!({"ActivityId": "ac-2"}), vec!["b"]),
        (json!({"SourceTraceIds": ["t-2"]}), vec!["b", "a"]),
        (json!({"source_trace_ids": "t-1"}), vec!["a"]),
        (json!({"Start": time(2), "End": time(4)}), vec!["c", "b"]),
        (json!({"Start": "2026-11-20T12:03:00.123+02:00"}), vec!["d", "c"]),
        (json!({"End": time(2)}), vec!["a"]),
        (json!({"Start": time(2), "End": time(2)}), vec![]),
        (
            json!({"Start": "0001-01-01T00:00:00", "End": "9999-12-31T23:59:59.9999999"}),
            vec!["d", "c", "b", "a"],
        ),
        (json!({"Start": "9999-12-31T23:59:59.9999999"}), vec![]),
        (json!({"Tags": ["x", "y"], "SourceTraceIds": "t-2", "Start": time(2)}), vec!["b"]),
        (
            json!({"Topic": "plate.moved", "Subjects": "plate-1", "SubjectsContains": "arm", "Tags": "x",
            "AssociationId": "as-1", "ModuleId": "m-1", "ActorId": "ada", "ActivityId": "ac-1",
            "SourceTraceIds": "t-1", "Start": time(1), "End": time(2)}),
            vec!["a"],
        ),
        (json!({"Topic": "plate.moved", "Subjects": "plate-2"}), vec![]),
        (json!({"Topic": null, "Subjects": [], "ActorId": "", "other": null}), vec!["d", "c", "b", "a"]),
    ] {
        assert_eq!(app.found(query.clone()).await, expected, "{query}");
    }
}

#[tokio::test]
async fn events_are_found_as_their_last_change_left_them_and_so_are_those_of_other_dialects() {
    let app = App::start().await;
    let now = Timestamp::now();
    let ahead = Timestamp::from_millis(now.millis() + 3_600_000).unwrap();
    let event = |at| Event {
        tenant: Tenant::default(),
        id: EventId::new(at),
        received_at: now,
        updated_at: now,
        source: Source::Native,
        content: Content {
            event_name: "event_a".into(),
            tags: vec!["x".into()],
            input: "hello".into(),
            ..Content::default()
        },
    };
    let (changed, gone, kept) = (event(now), event(now), event(ahead));
    for event in [&changed, &gone, &kept] {
        app.publish(&Operation::Create(Box::new(event.clone()))).await;
    }
    app.settled().await;
    let id = |event: &Event<'_>| event.id.to_string();
    let tagged = json!({"Tags": "x"});
    assert_eq!(app.found(tagged.clone()).await, [id(&kept), id(&gone), id(&changed)]);
    let path = format!("/event/{}?wait", id(&changed));
    let change = app.request(Method::PUT, &path).json(&json!({"tags": ["y"]})).ask().await;
    assert_eq!(change.status, 200, "{}", change.text);
    assert_eq!(app.request(Method::DELETE, &format!("/event/{}?wait", id(&gone))).ask().await.status, 200);
    assert_eq!(app.found(tagged).await, [id(&kept)]);
    assert_eq!(app.found(json!({"Tags": "y"})).await, [id(&changed)]);
}

#[tokio::test]
async fn a_tenant_finds_its_own() {
    let app = App::start().await;
    let of = |tenant: &'static str, path: &str, body: &Value| {
        app.request(Method::POST, path).header("x-tenant", tenant).json(body).ask()
    };
    for tenant in ["acme", "globex"] {
        let message = message(json!({"Subjects": ["plate-1", tenant]}));
        assert_eq!(of(tenant, super::PUBLISH, &message).await.status, 200);
    }
    app.settled().await;
    for tenant in ["acme", "globex"] {
        let found = of(tenant, QUERY, &json!({"Subjects": "plate-1"})).await.json();
        assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
        assert_eq!(found[0]["subjects"], json!(["plate-1", tenant]));
    }
    assert_eq!(of("acme", QUERY, &json!({"Subjects": "globex"})).await.status, 204);
    assert_eq!(app.found(json!({})).await, [""; 0]);
}

#[tokio::test]
async fn what_can_not_be_asked_is_a_400_that_names_the_field() {
    let app = App::start_writes_only().await;
    for (field, query) in [
        ("Topic", json!({"topic": 7})),
        ("Subjects", json!({"subjects": {"a": 1}})),
        ("SubjectsContains", json!({"subjects_contains": [7]})),
        ("Tags", json!({"Tags": [["x"]]})),
        ("Tags", json!({"Tags": vec!["x"; 101]})),
        ("AssociationId", json!({"AssociationId": true})),
        ("ModuleId", json!({"ModuleId": 1.5})),
        ("ActorId", json!({"actorId": [null]})),
        ("UserId", json!({"user_id": 7})),
        ("ActivityId", json!({"ActivityId": "x".repeat(1_025)})),
        ("SourceTraceIds", json!({"SourceTraceIds": 7})),
        ("Start", json!({"Start": "soon"})),
        ("Start", json!({"Start": "2026-11-20T10:00:00", "End": "2026-11-20T09:59:59"})),
        ("End", json!({"End": 1_795_639_822})),
        ("EventId", json!({"EventId": "e-1"})),
        ("colour", json!({"colour": "red"})),
    ] {
        let answer = app.post(QUERY, &query).await;
        is_refusal(&answer, 400, "invalid_field");
        assert!(answer.json()["message"].as_str().unwrap().contains(field), "{field}: {}", answer.text);
    }
    for body in ["", "{", "[]", "7", "null", "{} {}"] {
        assert_eq!(app.post(QUERY, body).await.status, 400, "{body}");
    }
    for (parameter, query) in [
        ("limit", "limit=1001"),
        ("limit", "limit=0"),
        ("limit", "limit=x"),
        ("offset", "offset=-1"),
        ("offset", "offset=1000000001"),
        ("offset", "offset="),
    ] {
        let answer = app.post(&format!("{QUERY}?{query}"), "{}").await;
        is_refusal(&answer, 400, "invalid_field");
        assert!(answer.json()["message"].as_str().unwrap().starts_with(parameter), "{}", answer.text);
    }
    is_refusal(&app.get(QUERY).await, 405, "method_not_allowed");
    is_refusal(&app.post(QUERY, " ".repeat((1 << 20) + 1)).await, 413, "too_large");
    // Nobody answers.
    is_refusal(&app.post(QUERY, "{}").await, 503, "unavailable");
}
