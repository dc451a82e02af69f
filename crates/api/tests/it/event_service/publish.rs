//! Messages are published one by one and in lists.

use model::EventId;
use reqwest::Method;
use serde_json::{Value, json};
use testing::wait::until;

use super::{PUBLISH, is_refusal, message};
use crate::harness::{App, Ask, PATIENCE, Part, Setup};

#[tokio::test]
async fn a_message_is_answered_with_its_id_and_is_one_event_however_often_it_comes() {
    let app = App::start().await;
    let all = message(json!({
        "Subjects": ["plate-1", "arm"], "Tags": ["run 7"], "Data": "{\"to\": \"A1\"}", "ActorId": "ada",
        "ActivityId": "a-1", "SourceTraceIds": ["t-1"], "OperatorId": "robot-7", "plate position": 3
    }));
    for path in [PUBLISH, "/api/v2.0/EventService/", "//api/v2.0/EventService"] {
        let answer = app.post(path, &all).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json(), json!({"success": true, "eventId": "e-1"}));
    }
    let unnamed = app.message(&json!({"topic": "door.opened"})).await;
    assert_eq!(unnamed.status, 200, "{}", unnamed.text);
    let id = unnamed.json()["eventId"].as_str().unwrap().to_owned();
    assert!(EventId::parse(&id).is_ok(), "{id}");
    let query = format!(
        "SELECT event_name, message_id, toString(id) = '{id}', conversation_id, user_id, subjects, tags, trace_ids, properties, \
         context, source, created_at FROM events FINAL WHERE message_id != '' OR toString(id) = '{id}' ORDER BY event_name DESC FORMAT JSONCompactEachRow"
    );
    let mut rows = String::new();
    until("both events", PATIENCE, async || {
        rows = app.sql(&query).await;
        rows.lines().count() == 2
    })
    .await;
    let rows: Vec<Value> = rows.lines().map(|row| serde_json::from_str(row).unwrap()).collect();
    let context = r#"{"data":true,"createdDateUtc":"2026-11-20T21:57:13.1234567","operatorId":"robot-7","plate position":3}"#;
    assert_eq!(
        rows[0],
        json!([
            "plate.moved",
            "e-1",
            0,
            "a-1",
            "ada",
            ["plate-1", "arm"],
            ["run 7"],
            ["t-1"],
            r#"{"to": "A1"}"#,
            context,
            "event_service",
            "2026-11-20 21:57:13.123"
        ])
    );
    assert_eq!([&rows[1][0], &rows[1][1], &rows[1][2]], [&json!("door.opened"), &json!(""), &json!(1)]);
}

#[tokio::test]
async fn what_is_wrong_with_one_of_a_list_costs_only_that_one() {
    let app = App::start_writes_only().await;
    let answer = app
        .message(&json!([
            message(json!({})),
            message(json!({"EventId": "e-2", "Topic": null})),
            {"Topic": "new"},
            7,
        ]))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let json = answer.json();
    let [first, second, third, fourth] = json["results"].as_array().unwrap().as_slice() else {
        panic!("{json}")
    };
    assert_eq!(json["success"], true);
    assert_eq!(first, &json!({"success": true, "eventId": "e-1"}));
    let refused =
        json!({"success": false, "eventId": "e-2", "error": "Topic is required", "code": "missing_field"});
    assert_eq!(second, &refused);
    assert!(EventId::parse(third["eventId"].as_str().unwrap()).is_ok());
    assert!(fourth["error"].is_string() && fourth.get("eventId").is_none());
    assert_eq!(app.records().await.len(), 2);

    assert_eq!(app.message(&json!([])).await.json(), json!({"success": true, "results": []}));
    let one = app.message(&json!([message(json!({}))])).await.json();
    assert_eq!(one, json!({"success": true, "results": [{"success": true, "eventId": "e-1"}]}));
}

#[tokio::test]
async fn what_is_refused_as_a_whole_is_a_400_that_names_the_field_and_stores_nothing() {
    let app = App::start_writes_only().await;
    let long = "x".repeat(1_025);
    let bad = [
        ("Topic", json!({"Topic": null})),
        ("Topic", json!({"Topic": ""})),
        ("Topic", json!({"Topic": 7})),
        ("Topic", json!({"Topic": long})),
        ("EventId", json!({"EventId": 7})),
        ("EventId", json!({"EventId": long})),
        ("Subjects", json!({"Subjects": "plate-1"})),
        ("Subjects", json!({"Subjects": [1]})),
        ("Subjects", json!({"Subjects": [long]})),
        ("Subjects", json!({"Subjects": vec!["s"; 101]})),
        ("Tags", json!({"Tags": {}})),
        ("Tags", json!({"Tags": ["x".repeat(257)]})),
        ("SourceTraceIds", json!({"source_trace_ids": [null]})),
        ("Data", json!({"Data": 7})),
        ("Data", json!({"Data": [1]})),
        ("Data", json!({"Data": true})),
        ("Start", json!({"Start": "soon"})),
        ("Start", json!({"Start": 1_795_639_822})),
        ("End", json!({"End": "2026-11-20"})),
        ("ExpirationDateUtc", json!({"ExpirationDateUtc": ""})),
        ("CreatedDateUtc", json!({"CreatedDateUtc": "yesterday"})),
        ("CreatedDateUtc", json!({"CreatedDateUtc": "1969-12-31T00:00:00"})),
        ("CreatedDateUtc", json!({"CreatedDateUtc": "2299-01-01T00:00:00Z"})),
        ("OrganizationId", json!({"OrganizationId": 7})),
        ("GroupId", json!({"GroupId": []})),
        ("OwnerId", json!({"OwnerId": {}})),
        ("ActorId", json!({"ActorId": false})),
        ("UserId", json!({"user_id": 7})),
        ("OperatorId", json!({"OperatorId": 1.5})),
        ("ActivityId", json!({"ActivityId": 7})),
        ("AssociationId", json!({"AssociationId": ["a"]})),
        ("ModuleId", json!({"ModuleId": 7})),
        ("OrchestratorId", json!({"OrchestratorId": 7})),
    ];
    for (field, members) in &bad {
        let answer = app.message(&message(members.clone())).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        let json = answer.json();
        assert_eq!(json["success"], false);
        assert!(json["message"].as_str().unwrap().contains(field), "{field}: {json}");
    }
    let all: Vec<_> = bad.iter().map(|(_, members)| message(members.clone())).collect();
    let answer = app.message(&json!(all)).await;
    is_refusal(&answer, 400, "invalid_field");
    let json = answer.json();
    for ((field, _), result) in bad.iter().zip(json["results"].as_array().unwrap()) {
        assert!(result["error"].as_str().unwrap().contains(field), "{result}");
    }
    for body in ["", "{", "[", "7", "null", "[{]"] {
        assert_eq!(app.post(PUBLISH, body).await.status, 400, "{body}");
    }
    assert_eq!(app.records().await.len(), 0);
    // Among good ones each costs only itself.
    let good = |number: usize| message(json!({"EventId": format!("good-{number}")}));
    let mixed: Vec<_> = all.into_iter().enumerate().flat_map(|(n, bad)| [good(n), bad]).collect();
    let answer = app.message(&json!(mixed)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let json = answer.json();
    for (number, results) in json["results"].as_array().unwrap().chunks(2).enumerate() {
        assert_eq!(results[0], json!({"success": true, "eventId": format!("good-{number}")}));
        assert_eq!(results[1]["success"], false);
        assert!(results[1]["error"].as_str().unwrap().contains(bad[number].0), "{}", results[1]);
    }
    assert_eq!(app.records().await.len(), bad.len());
}

#[tokio::test]
async fn whoever_answers_on_these_paths_says_a_message() {
    let api = api::Config { max_batch_body_bytes: 4 << 10, max_batch_events: 2, ..api::Config::default() };
    let mut app =
        App::with(Setup { api, without: &[Part::Consumer, Part::ClickHouse], ..Setup::default() }).await;
    is_refusal(&app.get("/api/v2.0/Nothing").await, 404, "not_found");
    is_refusal(&app.get(PUBLISH).await, 405, "method_not_allowed");
    is_refusal(&app.message(&json!([{}, {}, {}])).await, 413, "too_large");
    is_refusal(&app.post(PUBLISH, "x".repeat(5 << 10)).await, 413, "too_large");
    let packed = app.request(Method::POST, PUBLISH).header("content-encoding", "gzip").body("x");
    assert_eq!(packed.ask().await.status, 400);
    app.close_log().await;
    let answer = app.message(&json!([message(json!({})), {}])).await;
    is_refusal(&answer, 503, "unavailable");
    answer.invites_a_retry();
    // Sent again, it is the same event.
    let json = answer.json();
    assert_eq!(
        (&json["results"][0]["success"], &json["results"][0]["eventId"]),
        (&json!(false), &json!("e-1"))
    );
    assert!(json["results"][1]["error"].as_str().unwrap().contains("Topic"));
}
