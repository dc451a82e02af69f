//! A trail as a file.

use reqwest::Method;
use serde_json::{Value, json};

use super::{at, export, records};
use crate::harness::App;

#[tokio::test]
async fn lines_are_the_records_of_all_pages() {
    let app = App::start().await;
    let messages: Vec<_> = (0..2_500).map(|second| at(second, json!({"Data": {"second": second}}))).collect();
    app.keep(&messages).await;
    let lines = export(&app, "subjects/plate-1?format=ndjson").await;
    let records: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.ends_with('\n'));
    let seconds: Vec<_> =
        records.iter().map(|record| record["event"]["data"]["second"].as_u64().unwrap()).collect();
    assert_eq!(seconds, (0..2_500).collect::<Vec<_>>());
    assert_eq!(records[..1_000], super::records(&app, "subjects/plate-1?limit=1000").await);
    let csv = export(&app, "subjects/plate-1?format=csv").await;
    assert_eq!(csv.lines().count(), 2_501);
}

#[tokio::test]
async fn nothing_is_a_head_or_nothing() {
    let app = App::start().await;
    assert_eq!(export(&app, "subjects/nobody?format=ndjson").await, "");
    let head = "id,created_at,received_at,event_id,topic,who,activity_id,subjects,tags,traces,data,context,changes,deleted\n";
    assert_eq!(export(&app, "traces/nobody?format=csv").await, head);
}

#[tokio::test]
async fn a_file_has_a_type_and_a_name_that_is_safe() {
    let app = App::start().await;
    for (rest, content_type, disposition) in [
        (
            "subjects/plate-1?format=csv",
            "text/csv; charset=utf-8; header=present",
            "attachment; filename=\"audit-subject-plate-1.csv\"",
        ),
        (
            "traces/run-1?format=ndjson",
            "application/x-ndjson; charset=utf-8",
            "attachment; filename=\"audit-trace-run-1.ndjson\"",
        ),
        (
            "subjects/..%2F%22;%0D%0Ax:y%20%C3%BC?format=csv",
            "text/csv; charset=utf-8; header=present",
            "attachment; filename=\"audit-subject-_______x_y__.csv\"",
        ),
        ("subjects/plate-1", "application/json", ""),
    ] {
        let answer = app.get(&format!("/audit/{rest}")).await;
        let found = (answer.header("content-type"), answer.header("content-disposition"));
        assert_eq!(found, (content_type, disposition), "{rest}");
        assert_eq!((answer.status.as_u16(), answer.header("x-request-id")), (200, "test"));
    }
}

#[tokio::test]
async fn no_cell_is_taken_for_a_formula_and_none_is_lost() {
    let app = App::start().await;
    let texts =
        ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "'=1", "＝1", "plain, \"quoted\"\nand more", "1=1"];
    let messages: Vec<_> = texts
        .iter()
        .enumerate()
        .map(|(second, text)| {
            at(
                second,
                json!({"Topic": text, "ActorId": text, "Tags": [text], "Data": {"x": text}, "colour": text}),
            )
        })
        .collect();
    app.keep(&messages).await;
    app.keep(&[at(30, json!({"Data": "=1", "ActivityId": "a-1", "Tags": []}))]).await;
    let found = records(&app, "subjects/plate-1").await;
    let csv = export(&app, "subjects/plate-1?format=csv").await;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), texts.len() + 1);
    for ((row, text), record) in rows.iter().zip(texts).zip(&found) {
        let is_formula = !matches!(text.as_bytes()[0], b'1' | b'p');
        let cell = if is_formula { format!("'{text}") } else { text.to_owned() };
        assert_eq!([&row[4], &row[5]], [&cell, &cell]);
        assert_eq!(
            [&row[0], &row[2]],
            [record["id"].as_str().unwrap(), record["receivedAt"].as_str().unwrap()]
        );
        assert_eq!(row[8], json!([text]).to_string());
        assert_eq!(row[10], json!({"x": text}).to_string());
        assert_eq!(serde_json::from_str::<Value>(&row[11]).unwrap()["colour"], text);
    }
    let last: Vec<_> = rows[texts.len()].iter().skip(3).collect();
    let context = r#"{"createdDateUtc":"2026-11-20T10:00:30.1234567"}"#;
    let expected = [
        "e-30",
        "plate.moved",
        "ada",
        "a-1",
        r#"["plate-1"]"#,
        "[]",
        r#"["run-1"]"#,
        r#""=1""#,
        context,
        "[]",
        "",
    ];
    assert_eq!(last, expected);
}

#[tokio::test]
async fn what_a_reader_has_not_asked_for_is_not_read_ahead() {
    let app = App::start().await;
    let large = |second| at(second, json!({"Data": {"x": "x".repeat(900_000)}}));
    for begin in (0..60).step_by(10) {
        app.keep(&(begin..begin + 10).map(large).collect::<Vec<_>>()).await;
    }
    let lines = app.request(Method::GET, "/audit/subjects/plate-1?format=ndjson").send().await;
    let mut answer = lines.unwrap();
    let mut text = answer.chunk().await.unwrap().unwrap().to_vec();
    // The server holds a page, and the sockets between what they can. What is behind is read when it is asked for.
    let last = records(&app, "subjects/plate-1?from=2026-11-20T10:00:59Z").await[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(app.delete(&format!("/event/{last}?wait=30s")).await.status, 200);
    while let Some(more) = answer.chunk().await.unwrap() {
        text.extend(more);
    }
    let text = String::from_utf8(text).unwrap();
    let records: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let gone: Vec<_> = records.iter().map(|record| record["deleted"] == true).collect();
    assert_eq!(gone, [vec![false; 59], vec![true]].concat());
}

#[tokio::test]
async fn a_file_that_breaks_off_can_not_be_taken_for_a_whole_one() {
    let app = App::start().await;
    let messages: Vec<_> = (0..1_002).map(|second| at(second, json!({}))).collect();
    app.keep(&messages).await;
    app.sql(
        "ALTER TABLE events UPDATE conversation_id = unhex('ff') WHERE message_id = 'e-1001' \
         SETTINGS mutations_sync = 1",
    )
    .await;
    for format in ["csv", "ndjson"] {
        let asked = app.request(Method::GET, &format!("/audit/subjects/plate-1?format={format}&digest=true"));
        let answer = asked.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(answer.bytes().await.is_err(), "{format}");
    }
    // In the first page it is an error.
    let answer = app.get("/audit/subjects/plate-1?format=csv&from=2026-11-20T10:01:00Z").await;
    answer.refuses(500, "foreign_row", "the table holds a row that Millrace did not write and can't read");
}
