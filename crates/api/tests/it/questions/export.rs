//! `GET /export`: events as files.

use serde_json::{Value, json};

use crate::harness::App;
use crate::harness::events::{DAY_MS, ago, event, id_at};

fn inputs(ndjson: &str) -> Vec<String> {
    let lines = ndjson.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.map(|mut line| line["input"].take().as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_events_of_a_period_are_a_file_which_goes_on_where_it_ended() {
    let app = App::start().await;
    let events: Vec<_> = (0..4)
        .map(|n| {
            let name = if n == 3 { "event_b" } else { "event_a" };
            event(json!({"id": id_at(ago(60_000 * (10 - n))), "event_name": name, "input": format!("n{n}")}))
        })
        .collect();
    let ids = app.create_all(&events).await;
    app.tenant("globex").create(&event(json!({"input": "of others"}))).await;
    app.create(&event(json!({"id": id_at(ago(8 * DAY_MS)), "input": "old"}))).await;

    for (query, expected) in [
        ("columns=input".to_owned(), vec!["n0", "n1", "n2", "n3"]),
        ("columns=input&days=9&format=ndjson".to_owned(), vec!["old", "n0", "n1", "n2", "n3"]),
        ("columns=input&event_name=event_b".to_owned(), vec!["n3"]),
        ("columns=input&source=native".to_owned(), vec!["n0", "n1", "n2", "n3"]),
        ("columns=input&source=segment".to_owned(), vec![]),
        (format!("columns=input&after={}", ids[1]), vec!["n2", "n3"]),
    ] {
        let answer = app.get(&format!("/export?{query}")).await;
        assert_eq!((answer.status.as_u16(), inputs(&answer.text)), (200, owned(&expected)), "{query}");
        assert_eq!(answer.header("content-type"), "application/x-ndjson; charset=utf-8");
        assert_eq!(answer.header("content-disposition"), "attachment; filename=\"events.ndjson\"");
    }
    let usual = app.get(&format!("/export?after={}", ids[2])).await;
    let usual: Value = serde_json::from_str(&usual.text).unwrap();
    let names: Vec<_> = usual.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected =
        ["event_id", "event_type", "tenant_id", "user_id", "timestamp", "data", "metadata", "inserted_at"];
    expected.sort_unstable();
    let mut names = names;
    names.sort_unstable();
    assert_eq!(names, expected);
    assert_eq!((&usual["event_id"], &usual["event_type"]), (&json!(ids[3]), &json!("event_b")));

    let csv = app.get("/export?format=csv&columns=event_type,input&event_name=event_b").await;
    assert_eq!(csv.text, "event_type,input\n\"event_b\",\"n3\"\n");
    let parquet = app.get("/export?format=parquet&columns=input").await;
    assert_eq!(parquet.header("content-type"), "application/vnd.apache.parquet");
    assert!(parquet.text.starts_with("PAR1") && parquet.text.ends_with("PAR1"));
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[tokio::test]
async fn what_can_not_be_meant_is_named() {
    let app = App::start().await;
    for (query, words) in [
        ("format=xml", "format must be ndjson, csv or parquet"),
        ("source=fax", "source must be native, segment, event_service or redis"),
        ("after=x", "after must be the id of an event"),
        ("columns=event_id,attributes", "columns: unknown \"attributes\": there are event_id, event_type, "),
        ("columns=version", "columns: unknown \"version\""),
        ("columns=input,input", "columns: input is named twice"),
        ("columns=input,,output", "columns: unknown \"\""),
        ("from=2026-11-20&to=2026-11-20", "from must be before to"),
    ] {
        let answer = app.get(&format!("/export?{query}")).await;
        let error = answer.json()["error"].take();
        assert_eq!(answer.status, 400, "{query}");
        assert!(error.as_str().unwrap().starts_with(words), "{query}: {error}");
    }
}
