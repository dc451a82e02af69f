//! What was done to the events of a trail, as the topic has it.

use model::{Content, Event, EventId, Operation, Source, Tenant, Timestamp};
use serde_json::{Value, json};

use super::{at, export, page, records};
use crate::harness::{App, Setup};

const TRAIL: &str = "subjects/plate-1?history=true";

/// An application that has kept one event.
async fn with(api: api::Config) -> App {
    let app = App::with(Setup { api, ..Setup::default() }).await;
    app.keep(&[at(0, json!({}))]).await;
    app
}

/// A record without where and when its operations were; these are looked at.
fn told(mut record: Value) -> Value {
    let history = record["history"].as_array_mut().unwrap();
    let places: Vec<_> = history
        .iter_mut()
        .map(|operation| {
            let mut take = |name: &str| operation.as_object_mut().unwrap().remove(name).unwrap();
            let appended_at = Timestamp::parse(take("appendedAt").as_str().unwrap()).unwrap();
            (take("partition").as_i64().unwrap(), take("offset").as_i64().unwrap(), appended_at)
        })
        .collect();
    assert!(places.is_sorted() && places.iter().all(|place| place.0 == places[0].0), "{places:?}");
    record
}

#[tokio::test]
async fn all_that_was_done_is_told_in_its_order() {
    let app = App::on_kafka(6).await;
    let (first, second) = (at(1, json!({"Data": {"well": "A1"}})), at(2, json!({})));
    app.keep(&[first.clone(), second.clone()]).await;
    let before = page(&app, "subjects/plate-1").await;
    let [first_id, second_id] = [0, 1].map(|index| before["data"][index]["id"].as_str().unwrap().to_owned());
    for change in [json!({"tags": ["x"]}), json!({"error": "jam", "user_id": ""})] {
        app.put(&format!("/event/{first_id}?wait=30s"), change).await;
    }
    // The same id, of somebody else.
    let now = Timestamp::now();
    let others = Event {
        tenant: Tenant::parse("acme").unwrap(),
        id: EventId::parse(&first_id).unwrap(),
        received_at: now,
        updated_at: now,
        source: Source::EventService,
        content: Content { subjects: vec!["plate-1".into()], ..Content::default() },
    };
    app.publish(&Operation::Create(Box::new(others))).await;
    app.keep(std::slice::from_ref(&first)).await;
    let changed = records(&app, TRAIL).await.swap_remove(0);
    let created = json!({"operation": "create", "content": before["data"][0]["event"]});
    let repeated = json!({"operation": "create", "content": created["content"], "withoutEffect": true});
    let mut history = vec![
        created,
        json!({"operation": "update", "content": {"tags": ["x"]}}),
        json!({"operation": "update", "content": {"error": "jam", "user_id": ""}}),
        repeated.clone(),
    ];
    assert_eq!(told(changed.clone())["history"], json!(history));
    assert_eq!((&changed["historyComplete"], &changed["event"]["tags"]), (&json!(true), &json!(["x"])));

    app.delete(&format!("/event/{first_id}?wait=30s")).await;
    app.keep(&[first]).await;
    history.extend([json!({"operation": "delete"}), repeated]);
    let found = page(&app, TRAIL).await;
    assert!(found["meta"].get("history_from").is_none(), "{found}");
    let data = found["data"].as_array().unwrap();
    let (gone, other) = (told(data[0].clone()), told(data[1].clone()));
    assert_eq!((gone["id"].as_str(), &gone["deleted"]), (Some(&*first_id), &json!(true)));
    assert_eq!((&gone["history"], &gone["historyComplete"]), (&json!(history), &json!(true)));
    assert_eq!(other["id"], second_id);
    assert_eq!(other["history"], json!([{"operation": "create", "content": before["data"][1]["event"]}]));

    // As lines they are the same.
    let lines = export(&app, &format!("{TRAIL}&format=ndjson")).await;
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(&lines, data);
}

#[tokio::test]
async fn lines_of_many_pages_have_their_histories() {
    let app = App::start().await;
    app.keep(&(0..2_100).map(|second| at(second, json!({}))).collect::<Vec<_>>()).await;
    let lines = export(&app, &format!("{TRAIL}&format=ndjson")).await;
    let mut count = 0;
    for line in lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let history = line["history"].as_array().unwrap();
        assert_eq!((history.len(), &history[0]["content"]), (1, &line["event"]));
        assert_eq!(line["historyComplete"], true);
        count += 1;
    }
    assert_eq!(count, 2_100);
}

#[tokio::test]
async fn a_digest_is_that_of_the_records_alone() {
    let app = with(api::Config::default()).await;
    let plain = page(&app, "subjects/plate-1?digest=true").await;
    let told = page(&app, &format!("{TRAIL}&digest=true")).await;
    assert!(plain["digest"].is_string() && plain["data"][0].get("history").is_none());
    assert_eq!(
        (&told["digest"], told["data"][0]["history"].as_array().unwrap().len()),
        (&plain["digest"], 1)
    );
    let lines = export(&app, &format!("{TRAIL}&digest=true&format=ndjson")).await;
    let digest = json!({"digest": plain["digest"]});
    assert_eq!(lines.lines().last(), Some(&*digest.to_string()));
}

#[tokio::test]
async fn what_could_not_be_read_in_time_is_said() {
    let app = with(api::Config { history_timeout_ms: 0, ..api::Config::default() }).await;
    let record = records(&app, TRAIL).await.swap_remove(0);
    assert_eq!((&record["history"], &record["historyComplete"]), (&json!([]), &json!(false)));
    assert_eq!(record["event"]["eventId"], "e-0");
}

#[tokio::test]
async fn no_more_are_told_at_once_than_may_be() {
    let app = with(api::Config { max_histories: 0, ..api::Config::default() }).await;
    let answer = app.get(&format!("/audit/{TRAIL}")).await;
    answer.invites_a_retry();
    assert_eq!(records(&app, "subjects/plate-1").await.len(), 1);
}

#[tokio::test]
async fn a_spreadsheet_has_no_histories() {
    let app = App::start_writes_only().await;
    let words = "history=true can't be given together with format=csv: ask for format=ndjson";
    app.get(&format!("/audit/{TRAIL}&format=csv")).await.refuses(400, "invalid_field", words);
    let words = "history must be true or false";
    app.get("/audit/subjects/x?history=maybe").await.refuses(400, "invalid_field", words);
}
