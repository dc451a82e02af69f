//! What a trail says.

use model::Timestamp;
use serde_json::{Value, json};

use super::{at, event_ids, page, records};
use crate::harness::App;
use crate::harness::events::ago;

#[tokio::test]
async fn all_that_named_a_subject_comes_oldest_first_with_who_did_it() {
    let app = App::start().await;
    // A message may have members by the names of a record's.
    let own =
        json!({"Data": {"volume": 1.50}, "id": "own", "who": "eve", "changes": ["none"], "deleted": true});
    app.keep(&[
        at(3, json!({"ActorId": "", "Subjects": ["arm", "plate-1"]})),
        at(1, own),
        at(2, json!({"ActorId": null, "user_id": "bob"})),
        at(4, json!({"Subjects": ["plate-10"]})),
        at(5, json!({"Subjects": []})),
    ])
    .await;
    let mut found = records(&app, "subjects/plate-1").await;
    assert_eq!(event_ids(&found), ["e-1", "e-2", "e-3"]);
    let who: Vec<_> = found.iter().map(|record| record["who"].clone()).collect();
    assert_eq!(who, [json!("ada"), json!("bob"), Value::Null]);
    let first = found[0].as_object_mut().unwrap();
    let received = Timestamp::parse(first.remove("receivedAt").unwrap().as_str().unwrap()).unwrap();
    assert!(ago(60_000) < received && received <= Timestamp::now(), "{received}");
    let id = first.remove("id").unwrap();
    assert!(model::EventId::parse(id.as_str().unwrap()).is_ok(), "{id}");
    let expected = json!({
        "at": "2026-11-20T10:00:01.123Z", "who": "ada", "changes": [],
        "event": {
            "eventId": "e-1", "topic": "plate.moved", "subjects": ["plate-1"], "data": {"volume": 1.50},
            "createdDateUtc": "2026-11-20T10:00:01.1234567", "actorId": "ada", "sourceTraceIds": ["run-1"],
            "id": "own", "who": "eve", "changes": ["none"], "deleted": true
        }
    });
    assert_eq!(found[0], expected);
    assert_eq!(records(&app, "subjects/nobody").await, [Value::Null; 0]);
}

#[tokio::test]
async fn a_changed_event_says_so_and_a_deleted_one_nothing_else() {
    let app = App::start().await;
    app.keep(&[at(1, json!({})), at(2, json!({})), at(3, json!({}))]).await;
    let before = records(&app, "traces/run-1").await;
    let id = |place: usize| before[place]["id"].as_str().unwrap();
    let changed = app.put(&format!("/event/{}?wait=30s", id(1)), json!({"tags": ["checked"]})).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let deleted = app.delete(&format!("/event/{}?wait=30s", id(2))).await;
    assert_eq!(deleted.status, 200, "{}", deleted.text);

    // Also when the table has nothing but the tombstone.
    app.sql("OPTIMIZE TABLE events FINAL").await;
    let after = records(&app, "traces/run-1").await;
    assert_eq!((after.len(), &after[0]), (3, &before[0]));
    let recently = |at: &Value| {
        let at = Timestamp::parse(at.as_str().unwrap()).unwrap();
        assert!(ago(60_000) < at && at <= Timestamp::now(), "{at}");
        at
    };
    let updated = &after[1]["changes"];
    assert_eq!(*updated, json!([{"at": updated[0]["at"], "kind": "updated"}]));
    assert!(recently(&after[1]["receivedAt"]) <= recently(&updated[0]["at"]));
    assert_eq!(after[1]["event"]["tags"], json!(["checked"]));
    let gone = &after[2];
    recently(&gone["changes"][0]["at"]);
    let expected = json!({
        "id": id(2), "at": "2026-11-20T10:00:03.123Z", "deleted": true,
        "changes": [{"at": gone["changes"][0]["at"], "kind": "deleted"}]
    });
    assert_eq!(*gone, expected);
    assert_eq!(records(&app, "subjects/plate-1").await, after);
}

#[tokio::test]
async fn a_name_may_be_any_text() {
    let app = App::start().await;
    let names = [
        ("a/b", "a%2Fb"),
        ("prøve 7", "pr%C3%B8ve%207"),
        ("'{x:String}'\\\t\n", "'%7Bx:String%7D'%5C%09%0A"),
        ("100%", "100%25"),
        ("a+b", "a+b"),
    ];
    for (second, (name, _)) in names.iter().enumerate() {
        app.keep(&[at(second, json!({"Subjects": [name], "SourceTraceIds": [name]}))]).await;
    }
    for (second, (_, path)) in names.iter().enumerate() {
        for kind in ["subjects", "traces"] {
            let found = records(&app, &format!("{kind}/{path}")).await;
            assert_eq!(event_ids(&found), [format!("e-{second}")], "{kind}/{path}");
        }
    }
}

#[tokio::test]
async fn only_what_happened_in_the_period_and_until_now_is_told() {
    let app = App::start().await;
    let ahead = ago(-3_600_000).to_string();
    let early = json!({"EventId": "early", "CreatedDateUtc": "2026-11-19T23:30:00Z"});
    app.keep(&[at(1, json!({})), at(2, json!({})), at(3, json!({"CreatedDateUtc": ahead})), at(4, early)])
        .await;
    for (period, expected) in [
        ("", vec!["early", "e-1", "e-2"]),
        ("?to=2299-01-01", vec!["early", "e-1", "e-2"]),
        ("?from=2026-11-20T10:00:02.123Z", vec!["e-2"]),
        ("?to=2026-11-20T10:00:02.123Z", vec!["early", "e-1"]),
        ("?from=2026-11-20", vec!["e-1", "e-2"]),
        ("?from=2026-11-20&to=2026-11-21&timezone=Europe/Berlin", vec!["early", "e-1", "e-2"]),
        ("?from=2200-01-01&to=2201-01-01", vec![]),
    ] {
        let answer = page(&app, &format!("subjects/plate-1{period}")).await;
        assert_eq!(event_ids(answer["data"].as_array().unwrap()), expected, "{period}");
        assert!(answer["meta"]["timezone"].is_string() && answer.get("next_cursor").is_none(), "{answer}");
    }
}

#[tokio::test]
async fn events_of_other_dialects_are_told_in_the_same_words() {
    let app = App::start().await;
    let group = json!({"userId": "u-1", "groupId": "plate-1", "messageId": "m-1", "timestamp": "2026-11-20T10:00:00Z"});
    assert_eq!(app.post("/v1/group", group).await.status, 200);
    app.settled().await;
    let found = records(&app, "subjects/plate-1").await;
    let event = &found[0]["event"];
    assert_eq!((found.len(), &found[0]["who"]), (1, &json!("u-1")));
    assert_eq!(
        (&event["topic"], &event["createdDateUtc"]),
        (&json!("group"), &json!("2026-11-20T10:00:00.000Z"))
    );
}

#[tokio::test]
async fn a_tenant_sees_its_own_trail() {
    let app = App::start().await;
    let (acme, globex) = (app.tenant("acme"), app.tenant("globex"));
    for (tenant, id) in [(&acme, "a"), (&globex, "g")] {
        let answer = tenant.post("/api/v2.0/EventService", at(1, json!({"EventId": id}))).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    app.settled().await;
    for (tenant, id) in [(&acme, "a"), (&globex, "g")] {
        for path in ["subjects/plate-1", "traces/run-1"] {
            assert_eq!(event_ids(&records(tenant, path).await), [id], "{path}");
        }
        for format in ["csv", "ndjson"] {
            let whole = super::export(tenant, &format!("subjects/plate-1?format={format}")).await;
            assert_eq!(whole.lines().filter(|line| line.contains("plate.moved")).count(), 1, "{whole}");
        }
    }
    assert_eq!(records(&app, "subjects/plate-1").await, [Value::Null; 0]);
    // Deleted by the one, it stays with the other.
    let id = records(&acme, "subjects/plate-1").await[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(acme.delete(&format!("/event/{id}?wait=30s")).await.status, 200);
    assert_eq!(records(&acme, "subjects/plate-1").await[0]["deleted"], true);
    assert_eq!(event_ids(&records(&globex, "subjects/plate-1").await), ["g"]);
}

#[tokio::test]
async fn what_can_not_be_asked_is_a_400_that_names_the_parameter() {
    let app = App::start_writes_only().await;
    let id = model::EventId::new(Timestamp::now());
    let long = "x".repeat(1_025);
    for (rest, words) in [
        (
            "plate-1?from=soon",
            "from must be a date such as 2026-11-20 or an RFC 3339 time with its offset (a + is sent as %2B), between 1970 and 2299",
        ),
        (
            "plate-1?to=2026-11-20T10:00:00",
            "to must be a date such as 2026-11-20 or an RFC 3339 time with its offset (a + is sent as %2B), between 1970 and 2299",
        ),
        (
            "plate-1?from=2026-11-20T00:00:00Z&to=2026-11-20T00:00:00Z",
            "from must be before to: from is 2026-11-20T00:00:00.000Z, to is 2026-11-20T00:00:00.000Z",
        ),
        ("plate-1?limit=0", "limit must be a positive integer"),
        ("plate-1?limit=x", "limit must be a positive integer"),
        ("plate-1?limit=", "limit must be a positive integer"),
        ("plate-1?limit=1001", "limit must be a positive integer of at most 1000"),
        ("plate-1?cursor=x", "cursor must be the next_cursor of an earlier answer"),
        (&format!("plate-1?cursor={id}"), "cursor must be the next_cursor of an earlier answer"),
        ("plate-1?format=xml", "format must be json, csv or ndjson"),
        ("plate-1?digest=maybe", "digest must be true or false"),
        (
            "plate-1?format=csv&limit=10",
            "limit can't be given together with format=csv, which is of the whole period",
        ),
        (
            &format!("plate-1?format=ndjson&cursor=0.1.1.{id}"),
            "cursor can't be given together with format=ndjson, which is of the whole period",
        ),
        (
            &format!("plate-1?digest=true&cursor=0.1.1.{id}"),
            "cursor can't be given together with digest=true, which is of the whole period",
        ),
        ("%ff", "subject must be UTF-8, percent-encoded"),
        (&long, "subject must be at most 1024 bytes"),
    ] {
        let answer = app.get(&format!("/audit/subjects/{rest}")).await;
        answer.refuses(400, "invalid_field", words);
    }
    app.get(&format!("/audit/traces/{long}")).await.refuses(
        400,
        "invalid_field",
        "trace_id must be at most 1024 bytes",
    );
    app.get("/audit/subjects/").await.refuses(404, "not_found", "no such route");
    app.post("/audit/subjects/plate-1", "").await.refuses(405, "method_not_allowed", "method not allowed");
    // Nobody answers.
    for format in ["json", "csv", "ndjson"] {
        app.get(&format!("/audit/subjects/plate-1?format={format}")).await.invites_a_retry();
    }
}
