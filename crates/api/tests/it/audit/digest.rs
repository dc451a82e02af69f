//! The hash of a trail, by which two exports are compared.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{at, export, page};
use crate::harness::App;

/// The same by each format: of JSON, CSV and lines.
async fn digests(app: &App, rest: &str) -> [String; 3] {
    let json = page(app, &format!("{rest}?digest=true")).await["digest"].as_str().unwrap().to_owned();
    let csv = export(app, &format!("{rest}?format=csv&digest=true")).await;
    let csv = csv.lines().last().unwrap().strip_prefix("#digest,sha256,").unwrap().to_owned();
    let lines = export(app, &format!("{rest}?format=ndjson&digest=true")).await;
    let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!(last.as_object().unwrap().len(), 1);
    [json, csv, last["digest"].as_str().unwrap().to_owned()]
}

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

#[tokio::test]
async fn it_is_the_same_three_ways_and_another_after_a_change() {
    let app = App::start().await;
    app.keep(&(0..20).map(|second| at(second, json!({}))).collect::<Vec<_>>()).await;
    let first = digests(&app, "subjects/plate-1").await;
    assert!(first.iter().all(|digest| *digest == first[0] && digest.len() == 64), "{first:?}");
    // The same events make the same records, whatever they are asked for by.
    assert_eq!(digests(&app, "traces/run-1").await, first);
    assert_ne!(digests(&app, "subjects/nobody").await, first);

    let records = super::records(&app, "subjects/plate-1").await;
    let id = records[7]["id"].as_str().unwrap();
    let mut seen = vec![first[0].clone()];
    for change in ["update", "delete", "create"] {
        let answer = match change {
            "update" => app.put(&format!("/event/{id}?wait=30s"), json!({"tags": ["x"]})).await,
            "delete" => app.delete(&format!("/event/{id}?wait=30s")).await,
            _ => app.message(&at(30, json!({}))).await,
        };
        assert_eq!(answer.status, 200, "{}", answer.text);
        app.settled().await;
        let now = digests(&app, "subjects/plate-1").await;
        assert!(now.iter().all(|digest| *digest == now[0]), "{change}: {now:?}");
        assert!(!seen.contains(&now[0]), "{change}");
        seen.extend(now);
    }
}

#[tokio::test]
async fn it_is_that_of_the_lines_in_front_of_it() {
    let app = App::start().await;
    let odd = r#"{"EventId":"e-2","Topic":"t","Subjects":["plate-1"],"CreatedDateUtc":"2026-11-20T10:00:02",
        "Data":{"b" : 1.50, "a":[ 1e3,-0.0, 12345678901234567890123 ],"\u0061b":"\u00fc\/\ud83d\ude00"}, "é":1,"B":{ } }"#;
    app.keep(&[at(1, json!({})), at(3, json!({}))]).await;
    assert_eq!(app.post("/api/v2.0/EventService", odd).await.status, 200);
    app.settled().await;
    let lines = export(&app, "subjects/plate-1?format=ndjson&digest=true").await;
    let (records, last) = lines.trim_end().rsplit_once('\n').unwrap();
    let records = format!("{records}\n");
    assert_eq!(last, format!(r#"{{"digest":"{}"}}"#, sha256(&records)));
    // Names sorted at every level, no white space, no escape that is not needed, numbers as they were sent.
    let event = r#""event":{"B":{},"createdDateUtc":"2026-11-20T10:00:02","data":{"a":[1e3,-0.0,12345678901234567890123],"ab":"ü/😀","b":1.50},"eventId":"e-2","subjects":["plate-1"],"topic":"t","é":1},"id":""#;
    let line = records.lines().nth(1).unwrap();
    assert!(
        line.starts_with(r#"{"at":"2026-11-20T10:00:02.000Z","changes":[],"#) && line.contains(event),
        "{line}"
    );

    // The digest of nothing.
    assert_eq!(digests(&app, "subjects/nobody").await, [sha256(""), sha256(""), sha256("")]);
    // None where none is asked for.
    for rest in
        ["subjects/plate-1?format=csv", "subjects/plate-1?format=ndjson&digest=false", "subjects/plate-1"]
    {
        assert!(!export(&app, rest).await.contains("digest"), "{rest}");
    }
}

#[tokio::test]
async fn in_json_it_is_of_all_or_none() {
    let app = App::start().await;
    app.keep(&(0..1_001).map(|second| at(second, json!({}))).collect::<Vec<_>>()).await;
    let words = "digest=true is of the whole period, which is more than one answer holds: ask for a shorter one, or for \
                 format=ndjson";
    app.get("/audit/subjects/plate-1?digest=true").await.refuses(400, "invalid_field", words);
    app.get("/audit/subjects/plate-1?digest=true&limit=1000").await.refuses(400, "invalid_field", words);
    let shorter = "from=2026-11-20T10:00:01Z&digest=true";
    let whole = page(&app, &format!("subjects/plate-1?{shorter}")).await;
    assert_eq!(whole["data"].as_array().unwrap().len(), 1_000);
    let lines = export(&app, &format!("subjects/plate-1?{shorter}&format=ndjson")).await;
    assert!(lines.ends_with(&format!("{{\"digest\":{}}}\n", whole["digest"])));
}
